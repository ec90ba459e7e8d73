using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge;

/// <summary>What clients can do that a server might log, one kind per entry; a round is one connection.</summary>
internal sealed class LogFloodAttacks(TestController controller)
{
    public const string Host = "flood.example";

    private const string Upgrade =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

    private static readonly byte[] Cancel = [0, 0, 0, 8];

    public static readonly IReadOnlyDictionary<string, Func<LogFloodAttacks, int, Task>> All = new Dictionary<string, Func<LogFloodAttacks, int, Task>>(StringComparer.Ordinal)
    {
        ["rapid reset"] = (attacks, _) => attacks.RapidResetAsync(),
        ["response reset"] = (attacks, _) => attacks.ResetResponsesAsync(),
        ["body reset"] = (attacks, _) => attacks.ResetBodiesAsync(),
        ["invalid frames"] = (attacks, round) => attacks.Http2Async(async connection =>
        {
            // A frame of each type on a stream where it may not be, or of a length that it may not have; an unknown type is ignored.
            await connection.SendAsync((Http2FrameType)(round % 10), (byte)(round & ~1), 2 - (round % 3), new byte[1 + (round % 20)]);
            await connection.SendAsync(Http2FrameType.Settings, 0, 1, []);
            await connection.ReadSignificantAsync();
        }),
        ["invalid header block"] = (attacks, round) => attacks.Http2Async(async connection =>
        {
            await connection.SendAsync(Http2FrameType.Headers, 0x5, 1, [0xFF, 0xFF, 0xFF, 0xFF, (byte)round]);
            await connection.ReadSignificantAsync();
        }),
        ["handshake garbage"] = (attacks, round) => RawAsync(attacks.HttpsPort, "\x16\x03\x01\x00\x20" + new string((char)round, 32)),
        ["handshake cut"] = (attacks, _) => RawAsync(attacks.HttpsPort, "\x16\x03\x01\x02\x00\x01", closes: true),
        ["handshake refused"] = (attacks, _) => attacks.TlsAsync(new() { TargetHost = Host, RemoteCertificateValidationCallback = (_, _, _, _) => false }),
        ["handshake without a common protocol"] = (attacks, _) => attacks.TlsAsync(new()
        {
            TargetHost = Host,
            ApplicationProtocols = [new SslApplicationProtocol("x")],
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        }),
        ["unknown SNI"] = (attacks, round) => attacks.TlsAsync(new()
        {
            TargetHost = $"unknown{round}.example",
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
        }),
        ["garbage over http"] = (attacks, round) => RawAsync(attacks.HttpPort, Garbage(round)),
        ["garbage over https"] = (attacks, round) => RawAsync(attacks.HttpsPort, Garbage(round)),
        ["garbage over admin"] = (attacks, round) => RawAsync(attacks.AdminPort, Garbage(round)),
        ["HTTP/2 over http"] = (attacks, _) => RawAsync(attacks.HttpPort, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ["bad requests"] = (attacks, round) => RawAsync(attacks.HttpPort, BadRequest(round)),
        ["body cut"] = (attacks, _) => RawAsync(attacks.HttpPort, $"POST / HTTP/1.1\r\nHost: {Host}\r\nContent-Length: 100\r\n\r\n0123456789", closes: true),
        ["body connection reset"] = (attacks, _) => attacks.ResetConnectionAsync("POST", "/", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n", readsHead: false),
        ["response connection reset"] = (attacks, _) => attacks.ResetConnectionAsync("GET", "/large", "", "", readsHead: true),
        ["WebSocket reset"] = (attacks, _) => attacks.ResetConnectionAsync("GET", "/socket", Upgrade, "\x81", readsHead: true),
        ["unknown host"] = (attacks, round) => attacks.GetAsync("/", $"unknown{round}.example"),
        ["hop-by-hop fields of a backend"] = (attacks, _) => attacks.GetHttp2Async("/hop"),
        ["control characters of a backend"] = (attacks, _) => attacks.GetAsync("/control", Host),
        ["204 with a length"] = (attacks, _) => attacks.GetAsync("/no-content", Host),
        ["205 with a body"] = (attacks, _) => attacks.GetAsync("/reset-content", Host),
        ["invalid response"] = (attacks, _) => attacks.GetAsync("/invalid", Host),
        ["cut response"] = (attacks, _) => attacks.GetAsync("/cut", Host),
    };

    private int HttpPort => controller.HttpPort;

    private int HttpsPort => controller.HttpsPort;

    private int AdminPort => controller.AdminPort;

    /// <summary>A backend whose answers the client chooses by the path.</summary>
    public static WireBackend Backend()
    {
        var large = WireBackend.Ok(new string('x', 200_000));
        return WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(request.Target switch
                {
                    "/socket" => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
                    "/large" => large,
                    "/hop" => "HTTP/1.1 200 OK\r\nConnection: x, keep-alive\r\nKeep-Alive: timeout=1\r\nUpgrade: h2c\r\nX: 1\r\nContent-Length: 2\r\n\r\nok",
                    "/control" => "HTTP/1.1 200 OK\r\nX: a\x01\x7F\r\nContent-Length: 2\r\n\r\nok",
                    "/no-content" => "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
                    "/reset-content" => "HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello",
                    "/invalid" => "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                    "/cut" => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789",
                    _ => WireBackend.Ok("ok"),
                });
                if (request.Target == "/cut")
                    return;
            }
        });
    }

    /// <summary>Sends bytes over a connection of its own and reads what comes back.</summary>
    public static async Task RawAsync(int port, string bytes, bool closes = false)
    {
        await using var connection = await WireConnection.ConnectAsync(port);
        try
        {
            await connection.SendAsync(bytes);
            if (closes)
                return;
            connection.ShutdownSend();
            await connection.ReadToEndAsync();
        }
        catch (IOException)
        {
            // The proxy has ended the connection.
        }
    }

    private static string Garbage(int round) => Encoding.Latin1.GetString(SHA256.HashData([(byte)round]));

    private static string BadRequest(int round) => (round % 8) switch
    {
        0 => "GET / HTTP/1.1\r\n\r\n",
        1 => "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        2 => $"GET / HTTP/1.1\r\nHost: {Host}\r\nContent-Length: x\r\n\r\n",
        3 => $"GET /{new string('x', 9000)} HTTP/1.1\r\nHost: {Host}\r\n\r\n",
        4 => $"GET / HTTP/1.1\r\nHost: {Host}\r\nX: {new string('x', 40_000)}\r\n\r\n",
        5 => $"GET / HTTP/3.0\r\nHost: {Host}\r\n\r\n",
        6 => $"GET /%00 HTTP/1.1\r\nHost: {Host}\r\n\r\n",
        _ => $"POST / HTTP/1.1\r\nHost: {Host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };

    private Task RapidResetAsync() => Http2Async(async connection =>
    {
        for (var stream = 1; stream < 2000; stream += 2)
        {
            await connection.GetAsync(stream, Host);
            await connection.SendAsync(Http2FrameType.RstStream, 0, stream, Cancel);
        }
    });

    private Task ResetResponsesAsync() => Http2Async(async connection =>
    {
        for (var stream = 1; stream < 20; stream += 2)
        {
            await connection.RequestAsync(stream, "GET", Host, "https", [], "/large");
            await connection.ReadSignificantAsync();
            await connection.SendAsync(Http2FrameType.RstStream, 0, stream, Cancel);
        }
    });

    private Task ResetBodiesAsync() => Http2Async(async connection =>
    {
        for (var stream = 1; stream < 20; stream += 2)
        {
            await connection.SendAsync(Http2FrameType.Headers, 0x4, stream, [0x83, 0x87, 0x84, 0x01, (byte)Host.Length, .. Encoding.ASCII.GetBytes(Host)]);
            await connection.SendAsync(Http2FrameType.Data, 0, stream, new byte[100]);
            await connection.SendAsync(Http2FrameType.RstStream, 0, stream, Cancel);
        }
    });

    private async Task ResetConnectionAsync(string method, string path, string fields, string body, bool readsHead)
    {
        await using var connection = await WireConnection.ConnectAsync(HttpPort);
        await connection.SendAsync($"{method} {path} HTTP/1.1\r\nHost: {Host}\r\n{fields}\r\n{body}");
        if (readsHead)
            await connection.ReadHeadAsync();
        connection.Reset();
    }

    private Task GetAsync(string path, string host) => RawAsync(HttpPort, $"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

    private Task GetHttp2Async(string path) => Http2Async(async connection =>
    {
        await connection.RequestAsync(1, "GET", Host, "https", [], path);
        await connection.ReadToEndOfAsync(1);
    });

    private async Task Http2Async(Func<Http2WireConnection, Task> attack)
    {
        await using var connection = await Http2WireConnection.ConnectAsync(HttpsPort);
        try
        {
            await attack(connection);
        }
        catch (IOException)
        {
            // The proxy has ended the connection.
        }
    }

    private async Task TlsAsync(SslClientAuthenticationOptions options)
    {
        try
        {
            await using var connection = await WireConnection.ConnectAsync(HttpsPort, options);
        }
        catch (Exception failed) when (failed is IOException or AuthenticationException)
        {
            // The handshake fails on one side or the other.
        }
    }
}
