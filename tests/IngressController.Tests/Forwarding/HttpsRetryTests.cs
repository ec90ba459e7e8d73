using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Forwarding;

/// <summary>Kept connections over TLS, on which records pass that are no part of a request (session tickets).</summary>
public sealed class HttpsRetryTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private readonly List<string> _received = [];

    /// <summary>Answers the first request of each connection, and closes it at the second one.</summary>
    private async Task ServeAsync(TcpListener listener, bool answers)
    {
        using var certificate = SelfSigned.Certificate("backend.test");
        while (true)
        {
            var socket = await listener.AcceptSocketAsync();
            await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsServerAsync(certificate);
            var connection = new WireConnection(tls, socket);
            var first = await connection.ReadRequestAsync();
            _received.Add($"{first!.Method} {first.Body}");
            if (!answers)
                continue;
            await connection.SendAsync(WireBackend.Ok("ok"));
            if (await connection.ReadRequestAsync() is { } second)
                _received.Add($"{second.Method} {second.Body}");
        }
    }

    [Theory]
    [InlineData("GET", "\r\n", 200, "GET |GET |GET ")]
    [InlineData("PUT", "Content-Length: 3\r\n\r\nabc", 200, "GET |PUT abc|PUT abc")]
    [InlineData("POST", "Content-Length: 3\r\n\r\nabc", 502, "GET |POST abc")]
    [InlineData("POST", "\r\n", 502, "GET |POST ")]
    public async Task Only_idempotent_requests_are_sent_again_when_a_kept_connection_closes(string method, string rest, int status, string received)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, answers: true);
        var host = await proxy.ServeAsync([((IPEndPoint)listener.LocalEndpoint).Port], "https");
        Assert.Equal(200, (await proxy.GetAsync(host)).Status);
        Assert.Equal(status, (await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}")).Status);
        Assert.Equal(received, string.Join('|', _received));
        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);
    }

    [Fact]
    public async Task A_request_on_a_new_connection_that_closes_is_not_sent_again()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, answers: false);
        var host = await proxy.ServeAsync([((IPEndPoint)listener.LocalEndpoint).Port], "https");
        Assert.Equal(502, (await proxy.GetAsync(host)).Status);
        Assert.Equal(["GET "], _received);
        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);
    }
}
