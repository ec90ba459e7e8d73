using System.Net;

namespace IngressController.Proxy;

/// <summary>
/// The body of a response whose head must not wait for it: event streams and gRPC calls say that they are open long before they have
/// anything to tell. YARP sends the head together with the first bytes, so that a response without a body is seen to be one; here the
/// head goes ahead only when the backend is still silent at the first read.
/// </summary>
internal sealed class PromptResponseHead(HttpContent content, HttpResponse response) : HttpContent
{
    protected override async Task<Stream> CreateContentReadStreamAsync() => new Body(await content.ReadAsStreamAsync(), response);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => content.CopyToAsync(stream, context);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            content.Dispose();
        base.Dispose(disposing);
    }

    private sealed class Body(Stream stream, HttpResponse response) : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = stream.ReadAsync(buffer, cancellationToken);
            return read.IsCompleted || response.HasStarted ? read : SendHeadAsync(read, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                stream.Dispose();
            base.Dispose(disposing);
        }

        private async ValueTask<int> SendHeadAsync(ValueTask<int> read, CancellationToken cancellation)
        {
            await response.Body.FlushAsync(cancellation);
            return await read;
        }
    }
}
