using System.Text;
using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Listeners;

/// <summary>A controller with small limits.</summary>
public sealed class SmallLimitsFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options)
    {
        var patient = base.Configure(options);
        return patient with
        {
            Listener = patient.Listener with { MaxRequestHeaderFields = 50, MaxRequestHeaderSize = 8 << 10, MaxRequestLineSize = 2 << 10 },
        };
    }
}

/// <summary>The limits of request heads, and the replies to heads that Kestrel rejects.</summary>
public sealed class HeaderLimitTests(SmallLimitsFixture small) : IClassFixture<SmallLimitsFixture>
{
    [Theory]
    [InlineData(1)]
    [InlineData(96)]
    [InlineData(97)]
    [InlineData(197)]
    [InlineData(500)]
    [InlineData(600)]
    public async Task Cookie_crumbs_of_HTTP_2_reach_the_backend_as_one_field(int count)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        await using var controller = await TestController.StartAsync(
            Manifests.Service("web", [backend.Port]) + Manifests.Ingress("i", "crumbs.example", "web"));
        await using var client = await Http2WireConnection.ConnectAsync(controller.HttpsPort);
        var crumbs = Enumerable.Range(0, count).Select(i => $"c{i}=v{i}").ToArray();

        await client.GetAsync(1, "crumbs.example", "https", crumbs.Select(crumb => ("cookie", crumb)));

        Assert.Equal("200", StatusOf(await client.ReadToEndOfAsync(1)));
        Assert.Equal(string.Join("; ", crumbs), Assert.Single(backend.Requests).One("Cookie"));
    }

    [Fact]
    public async Task Too_many_fields_of_HTTP_2_are_answered_431_and_the_connection_continues()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await small.ServeAsync(backend);
        await using var client = await Http2WireConnection.ConnectAsync(small.Controller.HttpsPort);

        await client.GetAsync(1, host, "https", Enumerable.Range(0, 60).Select(i => ($"x-{i}", "v")));
        Assert.Equal("431", StatusOf(await client.ReadToEndOfAsync(1)));
        await client.GetAsync(3, host, "https", Enumerable.Range(0, 40).Select(i => ($"x-{i}", "v")));
        Assert.Equal("200", StatusOf(await client.ReadToEndOfAsync(3)));
    }

    public static TheoryData<string, int, string> Rejected { get; } = new()
    {
        { $"GET / HTTP/1.1\r\nHost: h\r\n{Fields(60, 1)}\r\n", 431, "the request has too many header fields, or they are too large" },
        { $"GET / HTTP/1.1\r\nHost: h\r\n{Fields(9, 1000)}\r\n", 431, "the request has too many header fields, or they are too large" },
        { $"GET /{new string('p', 3000)} HTTP/1.1\r\nHost: h\r\n\r\n", 414, "the request line is too long" },
        { "GET / HTTP/1.1\r\n\r\n", 400, "the request is malformed" },
        { "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "the request is malformed" },
        { "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "the request is malformed" },
        { "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400, "the request is malformed" },
        { "GET / HTTP/1.1\r\nHost: a\r\n : x\r\n\r\n", 400, "the request is malformed" },
        { "GET nothing HTTP/1.1\r\nHost: a\r\n\r\n", 405, "the method is not allowed for this form of request target" },
        { "GET / HTTP/3.9\r\nHost: a\r\n\r\n", 505, "this version of HTTP is not supported" },
        { "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", 400, "the request is malformed" },
    };

    [Theory]
    [MemberData(nameof(Rejected))]
    public async Task Rejected_head_gets_a_reason_and_the_connection_ends(string request, int status, string reason)
    {
        await using var connection = await small.ConnectAsync();

        await connection.SendAsync(request);
        var response = await connection.ReadResponseAsync();

        Assert.Equal((status, "text/plain; charset=utf-8", "close", "no-store"),
            (response.Status, response.One("Content-Type"), response.One("Connection"), response.One("Cache-Control")));
        Assert.StartsWith($"{status} ", response.Body, StringComparison.Ordinal);
        Assert.EndsWith($": {reason}\n", response.Body, StringComparison.Ordinal);
        Assert.Equal("", await connection.ReadToEndAsync());
    }

    [Fact]
    public async Task Rejected_head_behind_a_served_request_gets_a_reason()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await small.ServeAsync(backend);
        await using var connection = await small.ConnectAsync();

        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\nGET / HTTP/1.1\r\nHost: {host}\r\n{Fields(60, 1)}\r\n");

        Assert.Equal((200, "ok"), (await connection.ReadResponseAsync()) is var first ? (first.Status, first.Body) : default);
        var second = await connection.ReadResponseAsync();
        Assert.Equal(431, second.Status);
        Assert.EndsWith("too large\n", second.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejected_HEAD_has_no_body()
    {
        await using var connection = await small.ConnectAsync();

        await connection.SendAsync("HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n");

        Assert.Equal(400, (await connection.ReadHeadAsync())!.Status);
        Assert.Equal("", await connection.ReadToEndAsync());
    }

    [Fact]
    public async Task Rejected_requests_are_logged_and_counted()
    {
        await using var controller = await TestController.StartAsync("");

        Assert.Equal(414, (await WireConnection.ExchangeAsync(controller.HttpPort, $"GET /{new string('p', 9000)} HTTP/1.1\r\nHost: h\r\n\r\n")).Status);

        Assert.Contains(controller.Log.All, line => line.Contains("rejected with 414: a request of 127.0.0.1: Request line too long.", StringComparison.Ordinal));
        using var admin = new HttpClient();
        Assert.Contains(
            "yarp_ingress_requests_total{namespace=\"\",ingress=\"\",service=\"\",code=\"4xx\"} 1\n",
            await admin.GetStringAsync($"http://127.0.0.1:{controller.AdminPort}/metrics"), StringComparison.Ordinal);
    }

    private static string Fields(int count, int size) => string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('v', size)}\r\n"));

    /// <summary>Kestrel writes common statuses as an index of HPACK's static table, and others as text.</summary>
    private static string StatusOf(Http2Frame[] frames)
    {
        var head = frames.First(frame => frame.Type == Http2FrameType.Headers).Payload;
        return head[0] == 0x88 ? "200" : Encoding.ASCII.GetString(head, 2, 3);
    }
}
