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
    public async Task A_request_is_retried_only_once()
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
