using System.Runtime.CompilerServices;
using IngressController.Http;

namespace IngressController.Exchanges;

/// <summary>The body of a request, or the client's side of a tunnel, whose progress is reported to a timer.</summary>
internal sealed class WatchedClient(Stream client, RequestTimer timer) : OneWayStream
{
    public override bool CanRead => true;

    public override bool CanWrite => client.CanWrite;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // What was read before has been written to the endpoint.
        timer.ClientWaits();
        return ReadOnAsync(client.ReadAsync(buffer, cancellationToken), buffer.IsEmpty);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        timer.EndpointCame();
        await client.WriteAsync(buffer, cancellationToken);
        timer.EndpointWaits();
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing && client.CanWrite)
            client.Dispose();
        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadOnAsync(ValueTask<int> read, bool isEmpty)
    {
        var hasMore = false;
        try
        {
            var count = await read;
            hasMore = count > 0 || isEmpty;
            return count;
        }
        finally
        {
            if (hasMore && !isEmpty)
                timer.ClientCame();
            else if (!hasMore)
                timer.ClientEnded();
        }
    }
}

/// <summary>The content of a response whose progress is reported to a timer.</summary>
internal sealed class WatchedResponse(HttpContent response, RequestTimer timer) : WrappedContent(response)
{
    protected override Stream Wrap(Stream body) => new Body(body, timer);

    private sealed class Body(Stream body, RequestTimer timer) : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = body.ReadAsync(buffer, cancellationToken);
            if (read.IsCompletedSuccessfully)
                return read;
            timer.EndpointWaits();
            return ReadOnAsync(read);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                body.Dispose();
            base.Dispose(disposing);
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<int> ReadOnAsync(ValueTask<int> read)
        {
            try
            {
                return await read;
            }
            finally
            {
                timer.EndpointCame();
            }
        }
    }
}
