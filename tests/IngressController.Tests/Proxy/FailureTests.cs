using System.Net;
using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

public sealed class ImpatientFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options) => options with
    {
        Upstream = options.Upstream with { ConnectTimeout = TimeSpan.FromSeconds(0.3), ReadTimeout = TimeSpan.FromSeconds(0.5) },
    };
}

/// <summary>What clients get when a backend cannot serve them.</summary>
public sealed class FailureTests(ImpatientFixture proxy) : IClassFixture<ImpatientFixture>
{
    [Fact]
    public async Task No_endpoint_is_503_and_no_route_of_another_rule()
    {
        await using var other = WireBackend.Answer(WireBackend.Ok("other"));
        await proxy.AddAsync(
            Manifests.Service("empty", []) + Manifests.Service("full", [other.Port])
            + Manifests.Ingress("f1", "empty.example", "full") + Manifests.Ingress("f2", "empty.example", "empty", "/empty")
            + Manifests.Ingress("f3", "empty.example", "missing", "/missing"));
        Assert.Equal(200, (await proxy.GetAsync("empty.example")).Status);
        Assert.Equal(503, (await proxy.GetAsync("empty.example", "/empty/x")).Status);
        Assert.Equal(503, (await proxy.GetAsync("empty.example", "/missing")).Status);
        Assert.Equal("application/problem+json", (await proxy.GetAsync("empty.example", "/empty", "Accept: application/json\r\n")).One("Content-Type"));
    }

    [Fact]
    public async Task A_refused_connection_is_502()
    {
        using var refusing = WireBackend.Refusing(out var port);
        var response = await proxy.GetAsync(await proxy.ServeAsync([port]));
        Assert.Equal(502, response.Status);
        Assert.DoesNotContain("127.0.0.1", response.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_is_closed_or_reset_before_the_answer_is_502(bool reset)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            if (reset)
                connection.Reset();
        });
        Assert.Equal(502, (await proxy.GetAsync(await proxy.ServeAsync(backend))).Status);
    }

    [Fact]
    public async Task A_connection_that_is_not_made_in_time_is_504()
    {
        // A full backlog: the kernel drops the SYN, as a node that is gone does.
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

        var host = await proxy.ServeAsync([((IPEndPoint)listener.LocalEndPoint!).Port]);
        Assert.Equal(504, (await proxy.GetAsync(host)).Status);
        foreach (var filler in fillers)
            filler.Dispose();
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "Content-Length: 5\r\n\r\nhello")]
    public async Task An_answer_that_does_not_come_in_time_is_504(string method, string rest)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.ReadToEndAsync();
        });
        var host = await proxy.ServeAsync(backend);
        var response = await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{(rest.Length > 0 ? rest : "\r\n")}");
        Assert.Equal(504, response.Status);
        Assert.StartsWith("504 Gateway Timeout", response.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_that_falls_silent_is_cut_off()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            await connection.ReadToEndAsync();
        });
        var host = await proxy.ServeAsync(backend);
        await Assert.ThrowsAnyAsync<IOException>(() => proxy.GetAsync(host));
    }
}
