using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>Responses whose status is invalid, or permits no body.</summary>
public sealed class ResponseStatusTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Theory]
    [InlineData("000")]
    [InlineData("001")]
    [InlineData("042")]
    [InlineData("099")]
    [InlineData("600")]
    [InlineData("601")]
    [InlineData("700")]
    [InlineData("999")]
    public async Task A_status_that_does_not_exist_is_502_without_anything_of_the_backend(string status)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 {status} Strange\r\nX-Backend: 1\r\nSet-Cookie: a=b\r\nContent-Length: 7\r\n\r\nbackend");
        var host = await proxy.ServeAsync(backend);

        var response = await proxy.GetAsync(host);

        Assert.Equal("HTTP/1.1 502 Bad Gateway", response.Start);
        Assert.Null(response.One("X-Backend"));
        Assert.Null(response.One("Set-Cookie"));
        Assert.Contains("invalid response", response.Body, StringComparison.Ordinal);
        Assert.Equal(1, proxy.Controller.Log.CountOf($"127.0.0.1:{backend.Port} failed"));
    }

    [Theory]
    [InlineData("0600")]
    [InlineData("60")]
    [InlineData("2000")]
    [InlineData("20x")]
    [InlineData("-20")]
    public async Task A_malformed_status_is_502(string status)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 {status} Strange\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(502, (await proxy.GetAsync(await proxy.ServeAsync(backend))).Status);
    }

    [Theory]
    [InlineData("299")]
    [InlineData("399")]
    [InlineData("499")]
    [InlineData("500")]
    [InlineData("599")]
    public async Task An_unknown_status_from_100_to_599_is_passed_on(string status)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 {status} Known To Some\r\nContent-Length: 2\r\n\r\nok");
        var response = await proxy.GetAsync(await proxy.ServeAsync(backend));
        Assert.Equal(($"HTTP/1.1 {status} Known To Some", "ok"), (response.Start, response.Body));
    }

    [Theory]
    [InlineData(204, "Content-Length: 0", null)]
    [InlineData(204, "Content-Length: 5", null)]
    [InlineData(204, "Transfer-Encoding: chunked", null)]
    [InlineData(204, "Transfer-Encoding: chunked\r\nContent-Length: 5", null)]
    [InlineData(205, "Content-Length: 5\r\n\r\nhello", "0")]
    [InlineData(205, "Content-Length: 0", "0")]
    [InlineData(205, "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0", "0")]
    [InlineData(304, "Content-Length: 5", "5")]
    [InlineData(304, "Transfer-Encoding: chunked", null)]
    public async Task A_status_without_a_body_is_passed_on_without_one(int status, string rest, string? length)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 {status} Fine\r\nETag: \"x\"\r\n{rest}\r\n\r\n");
        var host = await proxy.ServeAsync(backend);
        var lines = proxy.Controller.Log.All.Length;
        foreach (var method in (string[])["GET", "HEAD", "DELETE"])
        {
            await using var connection = await proxy.ConnectAsync();
            for (var i = 0; i < 2; i++)
            {
                await connection.SendAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n\r\n");
                var response = await connection.ReadResponseAsync(method);
                Assert.Equal((status, "\"x\"", ""), (response.Status, response.One("ETag"), response.Body));
                Assert.Equal(length, response.One("Content-Length"));
                Assert.Null(response.One("Transfer-Encoding"));
            }

            await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
            await client.RequestAsync(1, method, host, "https", []);
            var frames = await client.ReadUntilEndedAsync(1);
            Assert.DoesNotContain(frames, frame => frame.Type == Http2FrameType.RstStream || (frame.Type == Http2FrameType.Data && frame.Payload.Length > 0));
            Assert.Equal($"{status}", new HpackReader().Read(frames[0].Payload).Single(field => field.Name == ":status").Value);
        }

        Assert.Equal(lines, proxy.Controller.Log.All.Length);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(205)]
    [InlineData(304)]
    public async Task A_body_that_an_HTTP_2_backend_sends_nevertheless_is_dropped(int status)
    {
        await using var backend = Http2WireBackend.Start(async server =>
        {
            while (await server.ReadRequestAsync() is { } request)
                await server.AnswerAsync(request.Stream, "hello", status);
        });
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");
        var lines = proxy.Controller.Log.All.Length;
        await using var connection = await proxy.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            var response = await connection.ReadResponseAsync();
            Assert.Equal((status, ""), (response.Status, response.Body));
        }

        Assert.Equal(lines, proxy.Controller.Log.All.Length);
    }

    [Theory]
    [InlineData(99)]
    [InlineData(600)]
    [InlineData(999)]
    public async Task A_status_that_does_not_exist_is_502_from_an_HTTP_2_backend(int status)
    {
        await using var backend = Http2WireBackend.Start(async server =>
        {
            while (await server.ReadRequestAsync() is { } request)
                await server.AnswerAsync(request.Stream, "hello", status);
        });
        Assert.Equal(502, (await proxy.GetAsync(await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c"))).Status);
    }
}
