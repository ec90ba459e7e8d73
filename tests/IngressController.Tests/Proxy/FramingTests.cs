using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>How the proxy tells where a request ends, and that it never disagrees with the backend about it.</summary>
public sealed class RequestFramingTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    [Theory]
    [InlineData("Content-Length: 5\r\n", "hello", "hello")]
    [InlineData("Content-Length: 0\r\n", "", "")]
    [InlineData("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\n\r\n", "hello")]
    [InlineData("transfer-encoding: Chunked\r\n", "5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n", "hello")]
    [InlineData("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "")]
    // What Kestrel takes leniently reaches the backend in the strict form.
    [InlineData("Content-Length: +5\r\n", "hello", "hello")]
    [InlineData("X: y\nTransfer-Encoding: chunked\n", "5\r\nhello\r\n0\r\n\r\n", "hello")]
    public async Task A_body_arrives_whole_with_one_kind_of_framing(string fields, string body, string expected)
    {
        var received = await proxy.SendAsync(fields, body);
        Assert.Equal(expected, received.Body);
        Assert.Equal(
            fields.Contains("ength", StringComparison.Ordinal) ? $"{expected.Length}" : "chunked",
            Assert.Single(received.All("Content-Length").Concat(received.All("Transfer-Encoding"))));
    }

    [Theory]
    [InlineData("Content-Length: 44\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")]
    [InlineData("Content-Length: 5\r\nContent-Length: 44\r\n")]
    [InlineData("Content-Length: 5\r\nContent-Length: 5\r\n")]
    [InlineData("Content-Length: 5, 5\r\n")]
    [InlineData("Content-Length: -1\r\n")]
    [InlineData("Content-Length: 0x5\r\n")]
    [InlineData("Content-Length: 5 5\r\n")]
    [InlineData("Content-Length:\r\n")]
    [InlineData("Content-Length: 99999999999999999999\r\n")]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n")]
    [InlineData("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n")]
    [InlineData("Transfer-Encoding: identity\r\n")]
    [InlineData("Transfer-Encoding: \u000bchunked\r\n")]
    [InlineData("Transfer-Encoding: chunked;q=1\r\n")]
    [InlineData("Transfer-Encoding: \"chunked\"\r\n")]
    [InlineData("Transfer-Encoding:\r\nContent-Length: 5\r\n")]
    [InlineData("Transfer-Encoding : chunked\r\n")]
    [InlineData("X: a\rTransfer-Encoding: chunked\r\n")]
    [InlineData("X: a\r\n Transfer-Encoding: chunked\r\n")]
    [InlineData("X: a\r\n\tfolded\r\n")]
    [InlineData(" X: a\r\n")]
    [InlineData("X\0: a\r\n")]
    [InlineData("X: a\0b\r\n")]
    [InlineData("X Y: a\r\n")]
    [InlineData("no colon\r\n")]
    [InlineData(": a\r\n")]
    public async Task A_head_that_two_servers_could_frame_differently_is_refused_and_ends_the_connection(string fields)
    {
        proxy.Backend.Requests.Clear();
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {proxy.Host}\r\n{fields}\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        var response = await connection.ReadResponseAsync();

        Assert.True(response.Status is 400 or 413 or 501, response.Start);
        Assert.Equal("", await connection.ReadToEndAsync());
        Assert.Empty(proxy.Backend.Requests);
    }

    [Theory]
    [InlineData("5\r\nhello0\r\n\r\n")]
    [InlineData("g\r\nhello\r\n0\r\n\r\n")]
    [InlineData("-5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("+5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("FFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;ext\nX\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5 \nhello\r\n0\r\n\r\n")]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhelloXX0\r\n\r\n")]
    public async Task A_broken_chunk_never_becomes_a_whole_request(string body)
    {
        proxy.Backend.Requests.Clear();
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {proxy.Host}\r\nTransfer-Encoding: chunked\r\n\r\n{body}GET /smuggled HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        var answer = await connection.ReadToEndAsync();

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
        Assert.Empty(proxy.Backend.Requests);
    }

    [Fact]
    public async Task A_1_0_client_may_not_use_an_encoding_it_does_not_know()
    {
        var response = await proxy.ExchangeAsync($"POST / HTTP/1.0\r\nHost: {proxy.Host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        Assert.Equal(400, response.Status);
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_their_order()
    {
        proxy.Backend.Requests.Clear();
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync(string.Concat(Enumerable.Range(0, 5).Select(i =>
            i % 2 == 0 ? $"GET /{i} HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n" : $"POST /{i} HTTP/1.1\r\nHost: {proxy.Host}\r\nContent-Length: 3\r\n\r\nabc")));
        for (var i = 0; i < 5; i++)
            Assert.Equal(200, (await connection.ReadResponseAsync()).Status);
        Assert.Equal(["/0", "/1", "/2", "/3", "/4"], proxy.Backend.Requests.Select(request => request.Target));
    }

    [Fact]
    public async Task A_body_that_the_client_cuts_short_never_becomes_a_whole_request()
    {
        proxy.Backend.Requests.Clear();
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {proxy.Host}\r\nContent-Length: 10\r\n\r\nhello");
        connection.ShutdownSend();
        var answer = await connection.ReadToEndAsync();
        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
        Assert.Empty(proxy.Backend.Requests);
    }
}

/// <summary>How the proxy tells a client where a response ends.</summary>
public sealed class ResponseFramingTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nhello", "Content-Length")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "Transfer-Encoding")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding")]
    public async Task A_body_arrives_whole_with_the_framing_it_came_with(string rest, string framing)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\n{rest}");
        var response = await proxy.GetAsync(await proxy.ServeAsync(backend));
        Assert.Equal("hello", response.Body);
        Assert.Single(response.All(framing));
        Assert.Single(response.All("Content-Length").Concat(response.All("Transfer-Encoding")));
    }

    [Fact]
    public async Task A_body_that_ends_with_the_connection_is_chunked_for_1_1_and_ends_with_the_connection_for_1_0()
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
    public async Task A_response_without_a_body_leaves_the_connection_usable(string method, string answer, int status, string? length)
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
    public async Task A_backend_that_breaks_off_never_looks_like_a_whole_response(string rest, bool reset)
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
    public async Task Interim_responses_of_a_backend_do_not_disturb_the_final_one()
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
    public async Task A_backend_that_answers_wrongly_is_a_bad_gateway(string answer)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(answer);
        });
        Assert.Equal(502, (await proxy.GetAsync(await proxy.ServeAsync(backend))).Status);
    }

    [Fact]
    public async Task A_backend_with_too_large_a_head_is_a_bad_gateway()
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\nX: {new string('x', 200_000)}\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal(502, (await proxy.GetAsync(await proxy.ServeAsync(backend))).Status);
    }
}
