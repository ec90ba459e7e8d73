using System.Net.Security;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>Sends frames without a pause, as fast as the server takes them.</summary>
/// <param name="Name">The name in the table.</param>
/// <param name="Connections">The number of connections at the same time.</param>
/// <param name="Frames">What follows the preface and empty settings, in batches; when it ends, the connection stays open.</param>
/// <param name="Reads">Whether the attacker reads what the server sends.</param>
internal sealed record Http2Flood(string Name, int Connections, Func<IEnumerable<byte[]>> Frames, bool Reads = true) : Attack(Name, Connections)
{
    private static readonly byte[] Preface =
        [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Http2WireConnection.Frame(Http2FrameType.Settings, 0, 0, [])];

    public override SslClientAuthenticationOptions Tls => Http2WireConnection.Tls;

    public override async Task RunAsync(WireConnection connection, CancellationToken cancellation)
    {
        var reading = Reads ? ReadToEndAsync(connection, cancellation) : Task.Delay(Timeout.Infinite, cancellation);
        var writing = WriteAsync(connection, reading, cancellation);
        await await Task.WhenAny(reading, writing);
        await reading;
    }

    private async Task WriteAsync(WireConnection connection, Task reading, CancellationToken cancellation)
    {
        await connection.Stream.WriteAsync(Preface, cancellation);
        foreach (var batch in Frames())
        {
            if (reading.IsCompleted)
                return;
            await connection.Stream.WriteAsync(batch, cancellation);
        }
    }
}
