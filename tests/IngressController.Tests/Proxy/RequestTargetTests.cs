namespace IngressController.Tests.Proxy;

public sealed class RequestTargetTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    [Theory]
    [InlineData("/")]
    [InlineData("/?")]
    [InlineData("/??")]
    [InlineData("/a?b?c")]
    [InlineData("/a%2Fb")]
    [InlineData("/a%2fb%2F")]
    [InlineData("/a%20b+c")]
    [InlineData("/%41%7e~%7E")]
    [InlineData("/a;v=1;w,x")]
    [InlineData("/\"quoted\"<>^`|")]
    [InlineData("/[1]/{2}")]
    [InlineData("/$&'()*+,=:@!-._~")]
    [InlineData("/caf%C3%A9/%e2%82%ac")]
    [InlineData("/%FF%fe")]
    [InlineData("//double//slashes//")]
    [InlineData("/trailing/")]
    [InlineData("/a/...")]
    [InlineData("/.well-known/x")]
    [InlineData("/?a=%zz&b=%")]
    [InlineData("/?a=../..&b=//")]
    [InlineData("/?%00")]
    [InlineData("/?q=\"|[]{}<>^`\\")]
    [InlineData("/?a=1&a=2;c=+%20%2B")]
    [InlineData("/a:b@c")]
    [InlineData("//evil.example/x")]
    [InlineData("/http://evil.example/x")]
    public async Task A_target_is_forwarded_byte_for_byte(string target) =>
        Assert.Equal(target, (await proxy.SendAsync($"GET {target} HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n")).Target);

    [Theory]
    [InlineData("/p?a\tb")]
    [InlineData("/p?a\u0001b")]
    [InlineData("/p?a\u007fb")]
    [InlineData("/p?a\u00e9b")]
    [InlineData("/p?a#b")]
    [InlineData("/p?#")]
    public async Task A_query_that_is_invalid_in_a_request_line_returns_400(string target)
    {
        proxy.Backend.Requests.Clear();
        Assert.Equal(400, (await proxy.GetAsync(proxy.Host, target)).Status);
        Assert.Empty(proxy.Backend.Requests);
    }

    [Fact]
    public async Task A_target_of_7_kilobytes_is_forwarded()
    {
        var target = $"/{new string('p', 3500)}?{string.Concat(Enumerable.Repeat("%2F", 1200))}";
        Assert.Equal(target, (await proxy.SendAsync($"GET {target} HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n")).Target);
    }

    [Theory]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a/../b%2Db?x=/../y", "/b%2Db?x=/../y")]
    [InlineData("/a/%2E%2e/b", "/b")]
    [InlineData("/a/b/..", "/a/")]
    public async Task Dot_segments_are_resolved_before_forwarding(string target, string expected) =>
        Assert.Equal(expected, (await proxy.SendAsync($"GET {target} HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n")).Target);

    [Theory]
    [InlineData("", "/")]
    [InlineData("/a%2Fb?c", "/a%2Fb?c")]
    [InlineData("?c", "/?c")]
    public async Task An_absolute_form_is_forwarded_in_origin_form(string rest, string expected)
    {
        var received = await proxy.SendAsync($"GET http://{proxy.Host}{rest} HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
        Assert.Equal((expected, proxy.Host), (received.Target, received.One("Host")));
    }

    [Theory]
    [InlineData("/a%2Fb%20c?q=%zz|[]{}\"", "/a%2Fb%20c?q=%zz|[]{}\"")]
    [InlineData("//x//?", "//x//?")]
    [InlineData("/a/%2E%2e/b", "/b")]
    [InlineData("/%7e[1]|{2}", "/%7e[1]|{2}")]
    [InlineData("/..", null)]
    [InlineData("/%00", null)]
    [InlineData("/a\\b", null)]
    [InlineData("/%zz", null)]
    [InlineData("/a/..;/b", null)]
    [InlineData("/p?a HTTP/1.1", null)]
    [InlineData("/p?a b", null)]
    [InlineData("/p?a\tb", null)]
    [InlineData("/p?a\u0001b", null)]
    [InlineData("/p?a\u007fb", null)]
    [InlineData("/p?a#b", null)]
    [InlineData("/p?#", null)]
    public async Task Targets_of_HTTP_2_clients_are_handled_like_those_of_HTTP_1_1(string target, string? expected)
    {
        proxy.Backend.Requests.Clear();
        using var request = ProtocolTests.Request(HttpMethod.Get, "https://unused/", "2.0");
        request.RequestUri = new Uri($"https://{proxy.Host}{target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        try
        {
            using var response = await proxy.Controller.Client.SendAsync(request);
            Assert.Equal(expected is null ? 400 : 200, (int)response.StatusCode);
        }
        catch (HttpRequestException reset) when (reset.HttpRequestError == HttpRequestError.HttpProtocolError)
        {
            // Kestrel resets the stream of a target that it cannot decode.
            Assert.Null(expected);
        }

        Assert.Equal(expected, proxy.Backend.Requests.SingleOrDefault()?.Target);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("PROPFIND")]
    [InlineData("X-CUSTOM")]
    public async Task Methods_are_forwarded(string method) =>
        Assert.Equal(method, (await proxy.SendAsync($"{method} /m HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n")).Method);
}
