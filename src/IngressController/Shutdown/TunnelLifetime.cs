using System.Runtime.CompilerServices;
using IngressController.Http;

namespace IngressController.Shutdown;

/// <summary>
/// The end of a tunnel. Kestrel cancels a request as soon as the client has closed, even if bytes that it sent before are still to be read, and
/// YARP drops them then. So once the protocol is switched, the tunnel ends when these have been read and passed on.
/// </summary>
internal sealed class TunnelLifetime : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly HttpContext _context;
    private readonly CancellationToken _requestAborted;
    private readonly CancellationTokenRegistration _registration;
    private volatile bool _hasBegun;

    public TunnelLifetime(HttpContext context)
    {
        _context = context;
        _requestAborted = context.RequestAborted;
        _registration = _requestAborted.UnsafeRegister(static lifetime => ((TunnelLifetime)lifetime!).OnAborted(), this);
        context.RequestAborted = _ended.Token;
    }

    /// <summary>Begins the tunnel on the client's connection.</summary>
    public Stream Begin(Stream client)
    {
        _hasBegun = true;
        return new Client(client, _ended);
    }

    public void Dispose()
    {
        _context.RequestAborted = _requestAborted;
        _registration.Dispose();
        _ended.Dispose();
    }

    private void OnAborted()
    {
        // The client may have got the switch, and closed, before the tunnel begins.
        if (!_hasBegun && !(_context.Response is { HasStarted: true, StatusCode: StatusCodes.Status101SwitchingProtocols }))
            _ended.Cancel();
    }

    /// <summary>Ends the tunnel when the client's bytes end. What was read before has then been written to the backend.</summary>
    private sealed class Client(Stream stream, CancellationTokenSource ended) : OneWayStream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // A read into no memory waits for bytes; it fails like any other when the client resets the connection.
            var isOver = true;
            try
            {
                var count = await stream.ReadAsync(buffer, cancellationToken);
                isOver = count == 0 && !buffer.IsEmpty;
                return count;
            }
            finally
            {
                if (isOver)
                    await ended.CancelAsync();
            }
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            stream.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
