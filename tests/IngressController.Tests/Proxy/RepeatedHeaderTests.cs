using System.Collections.Concurrent;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>Headers in several lines. Backends get them as lines, or joined as RFC 9110, 5.3 and RFC 6265, 4.2.1 say.</summary>
public sealed class RepeatedHeaderTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    /// <summary>What an HTTP/1.1 backend and an HTTP/2 backend may see: two lines with one value each, or one line.</summary>
    public static TheoryData<string, string, string, string> Lists() => new()
    {
        { "Accept", "text/html", "text/plain", "text/html, text/plain" },
        { "Accept-Language", "de", "fr;q=0.5", "de, fr;q=0.5" },
        { "Via", "1.1 a", "1.0 b (c)", "1.1 a, 1.0 b (c)" },
        { "Server", "a/1", "b/2", "a/1, b/2" },
        { "Warning", "199 - \"a\"", "199 - \"b\"", "199 - \"a\", 199 - \"b\"" },
        { "Cache-Control", "no-cache", "max-age=0", "no-cache, max-age=0" },
        { "Pragma", "a", "b", "a, b" },
        { "If-None-Match", "\"a\"", "W/\"b\"", "\"a\", W/\"b\"" },
        { "WWW-Authenticate", "Basic", "Bearer", "Basic, Bearer" },
        { "Sec-CH-UA", "\"a\";v=\"1\"", "\"b\";v=\"2\"", "\"a\";v=\"1\", \"b\";v=\"2\"" },
        { "Link", "</a>", "</b>", "</a>, </b>" },
        { "X-Twice", "a", "b", "a, b" },
        { "Content-Language", "de", "fr", "de, fr" },
        { "Allow", "GET", "PUT", "GET, PUT" },
        { "Cookie", "a=1", "b=2; c=3", "a=1; b=2; c=3" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task Lines_of_HTTP_1_1_keep_their_meaning(string name, string first, string second, string joined)
    {
        var received = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n{name}: {first}\r\n{name.ToLowerInvariant()}: {second}\r\n\r\n");
        Assert.Equal(joined, Combined(name, received.All(name)));
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task Lines_of_HTTP_2_keep_their_meaning(string name, string first, string second, string joined)
    {
        proxy.Backend.Requests.Clear();
        Assert.Equal(200, await StatusOfHttp2Async(proxy.Host, (name, first), (name, second)));
        Assert.Equal(joined, Combined(name, Assert.Single(proxy.Backend.Requests).All(name)));
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task Lines_reach_a_backend_of_HTTP_2_with_their_meaning(string name, string first, string second, string joined)
    {
        var heads = new ConcurrentQueue<string>();
        await using var backend = Http2WireBackend.Start(async server =>
        {
            var stream = await server.ReadHeadersAsync();
            heads.Enqueue(server.HeadOf(stream).Text);
            await server.AnswerAsync(stream, "ok");
        });
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");

        Assert.Equal(200, (await proxy.GetAsync(host, "/", $"{name}: {first}\r\n{name}: {second}\r\n")).Status);
        Assert.Contains(joined, Assert.Single(heads), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("User-Agent: a/1\r\nUser-Agent: b/2\r\n")]
    [InlineData("User-Agent: a/1\r\nuser-agent: a/1\r\n")]
    [InlineData("user-agent: a/1\r\nX-Between: 1\r\nUSER-AGENT: b/2\r\nUser-Agent: c/3\r\n")]
    [InlineData("User-Agent:\r\nUser-Agent: b/2\r\n")]
    [InlineData("User-Agent: a/1\r\nUser-Agent: \r\n")]
    public async Task More_than_one_User_Agent_is_refused(string fields)
    {
        proxy.Backend.Requests.Clear();
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\n{fields}\r\n");
        var refused = await client.ReadResponseAsync();
        Assert.Equal((400, "400 Bad Request: the request has more than one User-Agent\n"), (refused.Status, refused.Body));
        Assert.Empty(proxy.Backend.Requests);

        // The connection is still in step.
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {proxy.Host}\r\nUser-Agent: a/1 (x) b/2\r\n\r\n");
        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        Assert.Equal("a/1 (x) b/2", Assert.Single(proxy.Backend.Requests).One("User-Agent"));
    }

    [Fact]
    public async Task More_than_one_User_Agent_of_HTTP_2_is_refused()
    {
        Assert.Equal(400, await StatusOfHttp2Async(proxy.Host, ("User-Agent", "a/1"), ("User-Agent", "b/2")));
        Assert.Equal(200, await StatusOfHttp2Async(proxy.Host, ("User-Agent", "a/1")));
    }

    [Theory]
    [InlineData("Server", "a/1", "b/2")]
    [InlineData("Set-Cookie", "a=1; Path=/", "b=2, c")]
    [InlineData("Set-Cookie2", "a=1", "b=2")]
    [InlineData("WWW-Authenticate", "Basic realm=\"a, b\"", "Bearer")]
    [InlineData("Via", "1.1 a", "1.0 b (c)")]
    [InlineData("Vary", "A", "B")]
    [InlineData("Link", "</a>", "</b>")]
    [InlineData("User-Agent", "a/1", "b/2")]
    [InlineData("Content-Language", "de", "fr")]
    [InlineData("Allow", "GET", "PUT")]
    [InlineData("X-Twice", "a", "b")]
    public async Task Lines_of_a_response_stay_lines(string name, string first, string second)
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\n{name}: {first}\r\n{name}: {second}\r\nContent-Length: 2\r\n\r\nok");
        var host = await proxy.ServeAsync(backend);

        Assert.Equal([first, second], (await proxy.GetAsync(host)).All(name));
        using var request = ProtocolTests.Request(HttpMethod.Get, $"https://{host}/", "2.0");
        using var response = await proxy.Controller.Client.SendAsync(request);
        var headers = response.Headers.NonValidated.Contains(name) ? response.Headers.NonValidated : response.Content.Headers.NonValidated;
        Assert.Equal([first, second], headers[name]);
    }

    [Theory]
    [InlineData("server", "a/1", "b/2")]
    [InlineData("set-cookie", "a=1; Path=/", "b=2, c")]
    [InlineData("www-authenticate", "Basic realm=\"a, b\"", "Bearer")]
    [InlineData("x-twice", "a", "b")]
    public async Task Lines_of_a_response_of_HTTP_2_stay_lines(string name, string first, string second)
    {
        await using var backend = await KestrelBackend.StartAsync(
            context =>
            {
                context.Response.Headers[name] = new([first, second]);
                return Task.CompletedTask;
            },
            Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http2);
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");
        Assert.Equal([first, second], (await proxy.GetAsync(host)).All(name));
    }

    private static string Combined(string name, IEnumerable<string> lines) => string.Join(name == "Cookie" ? "; " : ", ", lines);

    private async Task<int> StatusOfHttp2Async(string host, params (string Name, string Value)[] fields)
    {
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        await client.GetAsync(1, host, "https", fields.Select(field => (field.Name.ToLowerInvariant(), field.Value)));
        var head = (await client.ReadToEndOfAsync(1)).First(frame => frame.Type == Http2FrameType.Headers);
        return head.Payload[0] switch { 0x88 => 200, 0x8c => 400, var other => other };
    }
}
