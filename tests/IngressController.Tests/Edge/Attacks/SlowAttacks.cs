using System.Net.Security;
using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>The attacks that hold many connections open with little or nothing.</summary>
internal static class SlowAttacks
{
    private const int Connections = 500;

    private const string Head = $"Host: {AttackedServer.Host}\r\n";

    public static readonly SlowAttack[] All =
    [
        new("slow headers", Connections, $"GET / HTTP/1.1\r\n{Head}X: ", "x"),
        new("slow body", Connections, $"POST / HTTP/1.1\r\n{Head}Content-Length: 1000000\r\n\r\n", "x"),
        new("slow chunks", Connections, $"POST / HTTP/1.1\r\n{Head}Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
        new("slow reading", Connections, $"GET /large HTTP/1.1\r\n{Head}\r\n", "") { ReadsSlowly = true },
        new("idle", Connections, "", ""),
        new("idle after a request", Connections, $"GET / HTTP/1.1\r\n{Head}\r\n", ""),
        new("idle TLS", Connections, "", "") { HasTls = true },
        new("handshake without an end", Connections, "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00FC\u0003\u0003", "x") { ToHttps = true },
        new("handshake without a byte", Connections, "", "") { ToHttps = true },
    ];
}

/// <summary>Sends something, then a little more from time to time.</summary>
/// <param name="Name">The name in the table.</param>
/// <param name="Connections">The number of connections at the same time.</param>
/// <param name="First">What is sent at once.</param>
/// <param name="Then">What is sent each second.</param>
internal sealed record SlowAttack(string Name, int Connections, string First, string Then) : Attack(Name, Connections)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>True for a client that reads one byte each second.</summary>
    public bool ReadsSlowly { get; init; }

    /// <summary>True for connections whose handshake is completed.</summary>
    public bool HasTls { get; init; }

    /// <summary>True for bytes to the port of HTTPS without a handshake.</summary>
    public bool ToHttps { get; init; }

    public override SslClientAuthenticationOptions? Tls => HasTls ? new() { TargetHost = AttackedServer.Host, RemoteCertificateValidationCallback = (_, _, _, _) => true } : null;

    public override int PortOf(AttackedServer server) => ToHttps ? server.HttpsPort : base.PortOf(server);

    public override async Task RunAsync(WireConnection connection, CancellationToken cancellation)
    {
        if (First.Length > 0)
            await connection.Stream.WriteAsync(Encoding.Latin1.GetBytes(First), cancellation);
        var reading = ReadsSlowly ? ReadSlowlyAsync(connection, cancellation) : ReadToEndAsync(connection, cancellation);
        while (Then.Length > 0 && await Task.WhenAny(reading, Task.Delay(Interval, cancellation)) != reading)
        {
            cancellation.ThrowIfCancellationRequested();
            await connection.Stream.WriteAsync(Encoding.Latin1.GetBytes(Then), cancellation);
        }

        await reading;
    }

    private static async Task ReadSlowlyAsync(WireConnection connection, CancellationToken cancellation)
    {
        while (await connection.Stream.ReadAsync(new byte[1], cancellation) > 0)
            await Task.Delay(Interval, cancellation);
    }
}
