using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>The framing of responses to clients.</summary>
public sealed class ResponseFramingTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nhello", "Content-Length")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "Transfer-Encoding")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding")]
    public async Task A_body_reaches_the_client_complete_with_the_framing_of_the_backend(string rest, string framing)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\n{rest}");
        var response = await proxy.GetAsync(await proxy.ServeAsync(backend));
        Assert.Equal("hello", response.Body);
        Assert.Single(response.All(framing));
        Assert.Single(response.All("Content-Length").Concat(response.All("Transfer-Encoding")));
    }

    [Fact]
    public async Task A_body_that_ends_with_the_connection_is_chunked_for_HTTP_1_1_and_ends_with_the_connection_for_HTTP_1_0()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
        });
        var host = await proxy.ServeAsync(backend);
        var modern = await proxy.GetAsync(host);
        Assert.Equal(("hello", "chunked"), (modern.Body, modern.One("Transfer-Encoding")));
        var old = await proxy.ExchangeAsync($"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n");
        Assert.Equal(("hello", null), (old.Body, old.One("Transfer-Encoding")));
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n", 200, "5")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"x\"\r\n\r\n", 200, null)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nETag: \"x\"\r\n\r\n", 204, null)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nETag: \"x\"\r\n\r\n", 204, null)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", 304, null)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n", 304, "5")]
    [InlineData("GET", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\nETag: \"x\"\r\n\r\n", 205, "0")]
    public async Task The_connection_is_reusable_after_a_response_without_a_body(string method, string answer, int status, string? length)
    {
        await using var backend = WireBackend.Answer(answer);
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await connection.SendAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            var response = await connection.ReadResponseAsync(method);
            Assert.Equal((status, "\"x\"", length), (response.Status, response.One("ETag"), response.One("Content-Length")));
        }
    }

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nhello", false)]
    [InlineData("Content-Length: 10\r\n\r\nhello", true)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true)]
    public async Task A_truncated_response_never_looks_complete(string rest, bool reset)
    {
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\n{rest}");
            await received.Task;
            if (reset)
                connection.Reset();
        });
        var host = await proxy.ServeAsync(backend);

        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        var head = (await connection.ReadHeadAsync())!;
        Assert.Equal(200, head.Status);
        received.SetResult();
        await Assert.ThrowsAnyAsync<IOException>(() => connection.ReadBodyAsync(head, untilClose: true));

        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}/") { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => proxy.Controller.Client.SendAsync(request));
        Assert.NotNull(error);
    }

    [Fact]
    public async Task Interim_responses_of_a_backend_do_not_affect_the_final_one()
    {
        await using var backend = WireBackend.Answer(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        WireMessage response;
        do
        {
            response = await connection.ReadResponseAsync();
        }
        while (response.Status < 200);
        Assert.Equal((200, "ok"), (response.Status, response.Body));
    }

    [Theory]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 200 OK\r\nX Y: a\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-")]
    public async Task An_invalid_response_returns_502(string answer)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(answer);
        });
        Assert.Equal(502, (await proxy.GetAsync(await proxy.ServeAsync(backend))).Status);
    }

    [Fact]
    public async Task A_response_with_too_large_a_head_returns_502()
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\nX: {new string('x', 200_000)}\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal(502, (await proxy.GetAsync(await proxy.ServeAsync(backend))).Status);
    }
}
