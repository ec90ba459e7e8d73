using IngressController.Exchanges;
using IngressController.Http;

namespace IngressController.Shutdown;

/// <summary>The client's side of a tunnel, whose writes wait for the client like those of a response.</summary>
internal sealed class TunnelClient(Stream client, Exchange exchange) : OneWayStream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        client.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(exchange.WaitAsync(client.WriteAsync(buffer, cancellationToken), buffer.Length));

    public override Task FlushAsync(CancellationToken cancellationToken) => client.FlushAsync(cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            client.Dispose();
        base.Dispose(disposing);
    }
}
