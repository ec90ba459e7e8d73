namespace IngressController.Tests.Proxy;

/// <summary>The framing of requests, which proxy and backend never read differently.</summary>
public sealed class RequestFramingTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    [Theory]
    [InlineData("Content-Length: 5\r\n", "hello", "hello")]
    [InlineData("Content-Length: 0\r\n", "", "")]
    [InlineData("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\n\r\n", "hello")]
    [InlineData("transfer-encoding: Chunked\r\n", "5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n", "hello")]
    [InlineData("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "")]
    [InlineData("Content-Length: \t 5 \t\r\n", "hello", "hello")]
    [InlineData("content-Length:5\r\n", "hello", "hello")]
    [InlineData("Content-Length: 0000000000000000005\r\n", "hello", "hello")]
    public async Task A_body_reaches_the_backend_complete_with_one_kind_of_framing(string fields, string body, string expected)
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
    [InlineData("Content-Length: 5,5\r\n")]
    [InlineData("Content-Length: 5,\r\n")]
    [InlineData("Content-Length: ,5\r\n")]
    [InlineData("Content-Length: -1\r\n")]
    [InlineData("Content-Length: -0\r\n")]
    [InlineData("Content-Length: +5\r\n")]
    [InlineData("Content-Length: +0\r\n")]
    [InlineData("Content-Length: (5)\r\n")]
    [InlineData("Content-Length: 5.0\r\n")]
    [InlineData("Content-Length: 5e0\r\n")]
    [InlineData("Content-Length: 1_0\r\n")]
    [InlineData("Content-Length: 0b1\r\n")]
    [InlineData("Content-Length: \"5\"\r\n")]
    [InlineData("Content-Length: 5;a=b\r\n")]
    [InlineData("Content-Length: 46\0\r\n")]
    [InlineData("Content-Length: \05\r\n")]
    [InlineData("Content-Length: \v5\r\n")]
    [InlineData("Content-Length: 5\v\r\n")]
    [InlineData("Content-Length: \f5\r\n")]
    [InlineData("Content-Length: 5\f\r\n")]
    [InlineData("Content-Length: 5\u0085\r\n")]
    [InlineData("Content-Length: \u00a05\r\n")]
    [InlineData("Content-Length: \u00b2\r\n")]
    [InlineData("Content-Length: 5\r\ncontent-length: 5\r\n")]
    [InlineData("Content-Length: 9223372036854775808\r\n")]
    [InlineData("Content-Length: 00000000000000000005\r\n")]
    [InlineData("Content-Length: 999999999999999999999999999999999999999999\r\n")]
    [InlineData("X: y\nTransfer-Encoding: chunked\r\n")]
    [InlineData("X: y\r\nTransfer-Encoding: chunked\n")]
    [InlineData("Transfer-Encoding: chunked\r\nX: y\n")]
    [InlineData("X: a\n\n")]
    [InlineData("X: a\r\n\n")]
    [InlineData("X:\n")]
    [InlineData("\n")]
    [InlineData("Content-Length: 0x5\r\n")]
    [InlineData("Content-Length: 5 5\r\n")]
    [InlineData("Content-Length:\r\n")]
    [InlineData("Content-Length: 99999999999999999999\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nX-Content-Length: 5\r\n")]
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
    [InlineData("X\v: a\r\n")]
    [InlineData("X\f: a\r\n")]
    [InlineData("\vX: a\r\n")]
    [InlineData("X\u0001: a\r\n")]
    [InlineData("X\u007f: a\r\n")]
    [InlineData("X\u0080: a\r\n")]
    [InlineData("X\u00a0: a\r\n")]
    [InlineData("Transfer-Encoding\v: chunked\r\n")]
    [InlineData("Transfer-Encoding\u00a0: chunked\r\n")]
    [InlineData("Content-Length\u001f: 5\r\n")]
    [InlineData("Transfer-Encoding\t: chunked\r\n")]
    [InlineData("X: a\0b\r\n")]
    [InlineData("X Y: a\r\n")]
    [InlineData("no colon\r\n")]
    [InlineData(": a\r\n")]
    public async Task A_head_with_ambiguous_framing_is_refused_and_the_connection_closed(string fields)
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
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\n\n")]
    [InlineData("5\r\nhello\r\n0\r\nX: y\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\nX: y\r\n\n")]
    [InlineData("5;a=b\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a\rb\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\rhello\r\n0\r\n\r\n")]
    [InlineData("5 \r\nhello\r\n0\r\n\r\n")]
    [InlineData(" 5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData(";\r\nhello\r\n0\r\n\r\n")]
    [InlineData("80000005\r\nhello\r\n0\r\n\r\n")]
    [InlineData("100000005\r\nhello\r\n0\r\n\r\n")]
    public async Task An_invalid_chunk_never_becomes_a_complete_request(string body)
    {
        proxy.Backend.Requests.Clear();
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {proxy.Host}\r\nTransfer-Encoding: chunked\r\n\r\n{body}GET /smuggled HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        var answer = await connection.ReadToEndAsync();

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), answer);
        Assert.Empty(proxy.Backend.Requests);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\nHost: {0}\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: {0}\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: {0}\r\n\n")]
    [InlineData("GET / HTTP/1.1\nHost: {0}\n\n")]
    [InlineData("GET / HTTP/1.0\n\n")]
    [InlineData("GET /\n\n")]
    public async Task A_line_that_ends_in_a_bare_line_feed_is_refused(string request)
    {
        proxy.Backend.Requests.Clear();
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync(string.Format(null, request, proxy.Host));
        Assert.Equal(400, (await connection.ReadResponseAsync()).Status);
        Assert.Equal("", await connection.ReadToEndAsync());
        Assert.Empty(proxy.Backend.Requests);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\r\n\r\n")]
    public async Task Empty_lines_before_a_request_are_ignored(string lines)
    {
        // RFC 9112, 2.2.
        await using var connection = await proxy.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await connection.SendAsync($"{lines}GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
            Assert.Equal(200, (await connection.ReadResponseAsync()).Status);
        }
    }

    [Fact]
    public async Task An_HTTP_1_0_request_with_Transfer_Encoding_is_refused()
    {
        var response = await proxy.ExchangeAsync($"POST / HTTP/1.0\r\nHost: {proxy.Host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        Assert.Equal(400, response.Status);
    }

    [Fact]
    public async Task X_Content_Length_is_an_ordinary_header_without_Transfer_Encoding() =>
        Assert.Equal("9", (await proxy.SendAsync("Content-Length: 5\r\nX-Content-Length: 9\r\n", "hello")).One("X-Content-Length"));

    [Fact]
    public async Task Responses_to_pipelined_requests_are_in_order()
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
    public async Task A_truncated_body_never_becomes_a_complete_request()
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
