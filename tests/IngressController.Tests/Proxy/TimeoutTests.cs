using System.Net;
using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

public sealed class ConnectTimeoutFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options) => options with
    {
        Upstream = options.Upstream with { ConnectTimeout = TimeSpan.FromSeconds(0.3) },
    };
}

public sealed class ReadTimeoutFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options) => options with
    {
        Upstream = options.Upstream with { ConnectTimeout = TimeSpan.FromSeconds(15), ReadTimeout = TimeSpan.FromSeconds(1) },
    };
}

/// <summary>Responses to clients if a backend is too slow. The timeouts of these fixtures are short.</summary>
public sealed class TimeoutTests(ConnectTimeoutFixture connecting, ReadTimeoutFixture answering)
    : IClassFixture<ConnectTimeoutFixture>, IClassFixture<ReadTimeoutFixture>
{
    [Fact]
    public async Task A_connection_timeout_returns_504()
    {
        // A full backlog: the kernel drops the SYN, like a node that is down.
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var fillers = Enumerable.Range(0, 4).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false }).ToArray();
        foreach (var filler in fillers)
        {
            try
            {
                filler.Connect(listener.LocalEndPoint!);
            }
            catch (SocketException pending) when (pending.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
            }
        }

        var host = await connecting.ServeAsync([((IPEndPoint)listener.LocalEndPoint!).Port]);
        Assert.Equal(504, (await connecting.GetAsync(host)).Status);
        foreach (var filler in fillers)
            filler.Dispose();
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "Content-Length: 5\r\n\r\nhello")]
    public async Task A_response_timeout_returns_504(string method, string rest)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.ReadToEndAsync();
        });
        var host = await answering.ServeAsync(backend);
        var response = await answering.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{(rest.Length > 0 ? rest : "\r\n")}");
        Assert.Equal(504, response.Status);
        Assert.StartsWith("504 Gateway Timeout", response.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idle_response_is_aborted()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            await connection.ReadToEndAsync();
        });
        var host = await answering.ServeAsync(backend);
        await Assert.ThrowsAnyAsync<IOException>(() => answering.GetAsync(host));
    }
}
