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

/// <summary>When a request is tried at another endpoint: when nothing was sent, and only then.</summary>
public sealed class RetryTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Theory]
    [InlineData("GET", "\r\n", "")]
    [InlineData("DELETE", "\r\n", "")]
    [InlineData("POST", "Content-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("POST", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("PATCH", "Content-Length: 0\r\n\r\n", "")]
    public async Task A_refused_connection_is_tried_at_another_endpoint_for_every_method(string method, string rest, string body)
    {
        using var refusing = WireBackend.Refusing(out var port);
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync([port, backend.Port]);
        for (var i = 0; i < 6; i++)
            Assert.Equal(200, (await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}")).Status);
        Assert.Equal(6, backend.Requests.Count);
        Assert.All(backend.Requests, request => Assert.Equal((method, body), (request.Method, request.Body)));
    }

    [Fact]
    public async Task A_large_body_arrives_whole_at_the_other_endpoint()
    {
        using var refusing = WireBackend.Refusing(out var port);
        await using var backend = WireBackend.Answer(request => WireBackend.Ok($"{request.Body.Length}"));
        var host = await proxy.ServeAsync([port, backend.Port]);
        for (var i = 0; i < 2; i++)
        {
            var response = await proxy.ExchangeAsync($"PUT / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 300000\r\n\r\n{new string('b', 300_000)}");
            Assert.Equal("300000", response.Body);
        }
    }

    [Fact]
    public async Task It_is_tried_once_more_only()
    {
        using var first = WireBackend.Refusing(out var firstPort);
        using var second = WireBackend.Refusing(out var secondPort);
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync([firstPort, secondPort, backend.Port]);
        var statuses = new List<int>();
        for (var i = 0; i < 12; i++)
            statuses.Add((await proxy.GetAsync(host)).Status);
        Assert.Contains(502, statuses);
        Assert.Contains(200, statuses);
        Assert.Equal(statuses.Count(status => status == 200), backend.Requests.Count);
    }

    [Theory]
    [InlineData("GET", "\r\n")]
    [InlineData("POST", "Content-Length: 5\r\n\r\nhello")]
    public async Task What_was_sent_is_not_sent_to_another_endpoint(string method, string rest)
    {
        var arrived = 0;
        Func<WireConnection, Task> breakOff = async connection =>
        {
            await connection.ReadRequestAsync();
            Interlocked.Increment(ref arrived);
            connection.Reset();
        };
        await using var first = WireBackend.Start(breakOff);
        await using var second = WireBackend.Start(breakOff);
        var host = await proxy.ServeAsync([first.Port, second.Port]);
        Assert.Equal(502, (await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}")).Status);
        Assert.Equal(1, arrived);
    }

    [Theory]
    [InlineData("POST", "\r\n")]
    [InlineData("POST", "Content-Length: 0\r\n\r\n")]
    [InlineData("POST", "Content-Length: 5\r\n\r\nhello")]
    [InlineData("PATCH", "\r\n")]
    [InlineData("X-CUSTOM", "\r\n")]
    public async Task What_is_not_idempotent_is_sent_once_also_on_a_connection_that_was_kept(string method, string rest)
    {
        var arrived = 0;
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(WireBackend.Ok("ok"));
            if (await connection.ReadRequestAsync() is not null)
                Interlocked.Increment(ref arrived);
        });
        var host = await proxy.ServeAsync(backend);
        Assert.Equal(200, (await proxy.GetAsync(host)).Status);
        Assert.Equal(502, (await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}")).Status);
        Assert.Equal((1, 1), (arrived, backend.Accepted));
    }
}

/// <summary>How requests are spread over the endpoints of a Service.</summary>
public sealed class BalanceTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Fact]
    public async Task Endpoints_take_even_turns_one_after_another_and_at_once_also_after_a_change()
    {
        var backends = Enumerable.Range(0, 4).Select(_ => WireBackend.Answer(WireBackend.Ok("ok"))).ToArray();
        await proxy.AddAsync(Manifests.Ingress("even", "even.example", "even"));
        await proxy.AddAsync(Manifests.Service("even", backends[..3].Select(backend => backend.Port)));
        await using var connection = await proxy.ConnectAsync();
        await SendAsync(connection, 300);
        Assert.All(Counts()[..3], count => Assert.InRange(count, 99, 101));

        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            await using var own = await proxy.ConnectAsync();
            await SendAsync(own, 30);
        }));
        Assert.All(Counts()[..3], count => Assert.InRange(count, 99, 101));

        // The endpoint that is new takes its turn at once.
        await proxy.AddAsync(Manifests.Service("even", backends.Select(backend => backend.Port)));
        await SendAsync(connection, 300);
        Assert.All(Counts(), count => Assert.InRange(count, 74, 76));
        foreach (var backend in backends)
            await backend.DisposeAsync();

        int[] Counts()
        {
            var counts = backends.Select(backend => backend.Requests.Count).ToArray();
            foreach (var backend in backends)
                backend.Requests.Clear();
            return counts;
        }

        static async Task SendAsync(WireConnection connection, int requests)
        {
            for (var i = 0; i < requests; i++)
            {
                await connection.SendAsync("GET / HTTP/1.1\r\nHost: even.example\r\n\r\n");
                Assert.Equal(200, (await connection.ReadResponseAsync()).Status);
            }
        }
    }
}
