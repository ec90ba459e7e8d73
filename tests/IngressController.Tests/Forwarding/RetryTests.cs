using System.Collections.Concurrent;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Forwarding;

/// <summary>A request is retried at another endpoint only if nothing was sent.</summary>
public sealed class RetryTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Theory]
    [InlineData("GET", "\r\n", "")]
    [InlineData("DELETE", "\r\n", "")]
    [InlineData("POST", "Content-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("POST", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("PATCH", "Content-Length: 0\r\n\r\n", "")]
    public async Task A_refused_connection_is_retried_at_another_endpoint_for_every_method(string method, string rest, string body)
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
    public async Task A_large_body_reaches_the_other_endpoint_complete()
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
    public async Task No_request_fails_while_one_of_ten_endpoints_takes_connections()
    {
        var refusing = Enumerable.Range(0, 9).Select(_ => (Socket: WireBackend.Refusing(out var port), Port: port)).ToArray();
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync([.. refusing.Select(endpoint => endpoint.Port), backend.Port]);
        for (var i = 0; i < 20; i++)
            Assert.Equal(200, (await proxy.GetAsync(host)).Status);
        Assert.Equal(20, backend.Requests.Count);
        Array.ForEach(refusing, endpoint => endpoint.Socket.Dispose());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task With_half_of_the_endpoints_refusing_no_request_fails_and_the_others_share_the_load(int atOnce)
    {
        var refusing = Enumerable.Range(0, 5).Select(_ => (Socket: WireBackend.Refusing(out var port), Port: port)).ToArray();
        var backends = Enumerable.Range(0, 5).Select(_ => WireBackend.Answer(WireBackend.Ok("ok"))).ToArray();
        var host = await proxy.ServeAsync([.. refusing.Select(endpoint => endpoint.Port), .. backends.Select(backend => backend.Port)]);
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            for (var i = 0; i < 200 / atOnce; i++)
                Assert.Equal(200, (await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\nabc")).Status);
        }));
        Assert.Equal(200, backends.Sum(backend => backend.Requests.Count));
        // 40 each on average; the neighbour of five that refuse would get 120 if retries went to the next in order.
        Assert.All(backends, backend => Assert.InRange(backend.Requests.Count, 20, 70));
        Array.ForEach(refusing, endpoint => endpoint.Socket.Dispose());
        foreach (var backend in backends)
            await backend.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "\r\n")]
    [InlineData("POST", "Content-Length: 5\r\n\r\nhello")]
    public async Task A_sent_request_is_not_retried_at_another_endpoint(string method, string rest)
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
    [InlineData("GET", "\r\n", "")]
    [InlineData("HEAD", "\r\n", "")]
    [InlineData("OPTIONS", "\r\n", "")]
    [InlineData("DELETE", "\r\n", "")]
    [InlineData("DELETE", "Content-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("PUT", "Content-Length: 5\r\n\r\nhello", "hello")]
    [InlineData("PUT", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("GET", "Content-Type: text/plain\r\n\r\n", "")]
    public async Task An_idempotent_request_is_sent_again_when_a_kept_connection_closes(string method, string rest, string body)
    {
        foreach (var ending in new Action<WireConnection>[] { _ => { }, connection => connection.Reset(), connection => connection.ShutdownSend() })
        {
            var received = new ConcurrentQueue<WireMessage>();
            await using var backend = WireBackend.Start(async connection =>
            {
                received.Enqueue((await connection.ReadRequestAsync())!);
                await connection.SendAsync(WireBackend.Ok(""));
                await connection.ReadRequestAsync();
                ending(connection);
            });
            var host = await proxy.ServeAsync(backend);
            Assert.Equal(200, (await proxy.GetAsync(host)).Status);
            Assert.Equal(200, (await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}")).Status);
            Assert.Equal([("GET", ""), (method, body)], received.Select(request => (request.Method, request.Body)));
        }
    }

    [Fact]
    public async Task A_request_on_a_new_connection_that_closes_is_not_sent_again()
    {
        var arrived = 0;
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            Interlocked.Increment(ref arrived);
        });
        Assert.Equal(502, (await proxy.GetAsync(await proxy.ServeAsync(backend))).Status);
        Assert.Equal(1, arrived);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_POST_gets_a_new_connection_when_the_kept_one_is_already_closed(bool reset)
    {
        var bodies = new ConcurrentQueue<string>();
        var closed = new SemaphoreSlim(0);
        await using var backend = WireBackend.Start(async connection =>
        {
            bodies.Enqueue((await connection.ReadRequestAsync())!.Body);
            await connection.SendAsync(WireBackend.Ok("ok"));
            if (reset)
                connection.Reset();
            else
                await connection.DisposeAsync();
            closed.Release();
        });
        var host = await proxy.ServeAsync(backend);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\nabc")).Status);
            await closed.WaitAsync();
        }

        Assert.Equal(Enumerable.Repeat("abc", 20), bodies);
    }

    [Theory]
    [InlineData("POST", "\r\n")]
    [InlineData("POST", "Content-Length: 0\r\n\r\n")]
    [InlineData("POST", "Content-Length: 5\r\n\r\nhello")]
    [InlineData("PATCH", "\r\n")]
    [InlineData("X-CUSTOM", "\r\n")]
    public async Task A_request_that_is_not_idempotent_is_sent_once_on_a_pooled_connection(string method, string rest)
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
