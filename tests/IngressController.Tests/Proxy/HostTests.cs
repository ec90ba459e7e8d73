using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>The host that backends receive: exactly one, that of the client.</summary>
public sealed class HostTests(HostFixture proxy) : IClassFixture<HostFixture>
{
    private static readonly string LongName = string.Join('.', Enumerable.Repeat(new string('a', 60), 4));

    public static TheoryData<string> Valid =>
    [
        "app.example", "APP.example", "app.example.", "app.example:8080", "app.example:65535", "app.example:0", "app.example:", "a_b.wild.example",
        "_x.wild.example:443", "xn--bcher-kva.wild.example", "1.2.3.4", "1.2.3.4:80", "1.2.3.4:", "[::1]", "[::1]:8080", "[2001:db8::1]:",
        $"{LongName}.example",
    ];

    public static TheoryData<string> Invalid =>
    [
        "app.example:65536", "app.example:99999", "app.example:000080", "app.example:4294967376", "app.example:18446744073709551696",
        "1.2.3.4:70000", "[::1]:70000", "[1::2::3]", "[::00001]", "a!b.wild.example", "a$b.wild.example", "a&b.wild.example", "a'b.wild.example",
        "a(b.wild.example", "a)b.wild.example", "a~b.wild.example", $"{LongName}.{LongName}.wild.example", $"{LongName}aaaaa.wild.example", "",
        "a..b", ".", "..", ".app.example", "app.example..", ":", ":80", "app.example!", "app.example~", "app.example:~", "app.example::", "!", "~",
        "app .example", "app.example/", "user@app.example", "app.example,", "app.example#", "app.example?", "app.example\\", "b\u00fc.wild.example",
        "app.example:8o", "app.example: 80", "app.example\u007f", "app%2eexample", "*", "*.wild.example", "[", "[]:80", "::1",
    ];

    [Theory]
    [MemberData(nameof(Valid))]
    public async Task A_valid_host_reaches_every_backend_as_the_only_one(string host)
    {
        foreach (var path in (string[])["/", "/h2c"])
        {
            Assert.Equal(200, (await proxy.GetAsync(host, path)).Status);
            Assert.Equal([[host]], proxy.TakeHosts(path));

            Assert.Equal("200", await GetHttp2Async(path, (":authority", host)));
            Assert.Equal([[host]], proxy.TakeHosts(path));

            Assert.Equal("200", await GetHttp2Async(path, ("host", host)));
            Assert.Equal([[host]], proxy.TakeHosts(path));
        }
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task An_invalid_host_is_refused_before_routing(string host)
    {
        foreach (var path in (string[])["/", "/h2c"])
        {
            await using var connection = await proxy.ConnectAsync();
            await connection.SendAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\nGET {path} HTTP/1.1\r\nHost: app.example\r\n\r\n");
            Assert.Equal(400, (await connection.ReadResponseAsync()).Status);
            Assert.Equal("", await connection.ReadToEndAsync());

            Assert.Equal("400", await GetHttp2Async(path, (":authority", host)));
            // Kestrel resets the stream of a Host with characters that it does not accept.
            Assert.Contains(await GetHttp2Async(path, ("host", host)), (string[])["400", "reset"]);
            Assert.Empty(proxy.TakeHosts(path));
        }
    }

    [Theory]
    [InlineData("app.example", "other.example")]
    [InlineData("app.example", "")]
    [InlineData("app.example", "app.example:80")]
    [InlineData("app.example:8080", "app.example:8081")]
    [InlineData("other.example", "app.example")]
    public async Task A_Host_of_HTTP_2_that_differs_from_the_authority_is_refused(string authority, string host)
    {
        Assert.Equal("400", await GetHttp2Async("/", (":authority", authority), ("host", host)));
        Assert.Empty(proxy.TakeHosts("/"));
    }

    [Fact]
    public async Task A_Host_of_HTTP_2_that_equals_the_authority_is_sent_once()
    {
        Assert.Equal("200", await GetHttp2Async("/", (":authority", "app.example:8080"), ("host", "APP.example:8080")));
        Assert.Equal([["app.example:8080"]], proxy.TakeHosts("/"));
    }

    [Theory]
    [InlineData("app.example", "app.example")]
    [InlineData("app.example", "other.example")]
    public async Task Two_Host_fields_of_HTTP_2_are_refused(string first, string second)
    {
        Assert.Equal("400", await GetHttp2Async("/", ("host", first), ("host", second)));
        Assert.Equal("400", await GetHttp2Async("/", (":authority", first), ("host", first), ("host", second)));
        Assert.Empty(proxy.TakeHosts("/"));
    }

    [Fact]
    public async Task A_host_with_an_empty_port_does_not_affect_the_next_request_of_the_connection()
    {
        await using var connection = await proxy.ConnectAsync();
        string[] hosts = ["app.example:", "app.example:", "app.example", "app.example:", "a.wild.example:", "app.example:80", "app.example:"];
        foreach (var host in hosts)
        {
            await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            Assert.Equal(200, (await connection.ReadResponseAsync()).Status);
        }

        Assert.Equal(hosts.Select(host => new[] { host }), proxy.TakeHosts("/"));
    }

    [Fact]
    public async Task A_host_with_an_empty_port_does_not_affect_later_streams()
    {
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        string[] hosts = ["app.example:", "app.example:", "app.example", "app.example:", "a.wild.example:", "app.example:80", "app.example:"];
        for (var i = 0; i < hosts.Length; i++)
        {
            await client.HeadAsync((2 * i) + 1, [(":method", "GET"), (":scheme", "https"), (":path", "/"), (i % 3 == 1 ? "host" : ":authority", hosts[i])]);
            await client.ReadUntilEndedAsync((2 * i) + 1);
        }

        Assert.Equal(hosts.Select(host => new[] { host }), proxy.TakeHosts("/"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/h2c")]
    public async Task A_request_without_a_host_reaches_the_backend_without_one_of_its_own(string path)
    {
        Assert.Equal(200, (await proxy.ExchangeAsync($"GET {path} HTTP/1.0\r\n\r\n")).Status);
        Assert.Equal("200", await GetHttp2Async(path));
        Assert.Equal(200, (await proxy.ExchangeAsync($"POST {path} HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi")).Status);

        var expected = path == "/h2c" ? "no-host.invalid" : "";
        Assert.Equal([[expected], [expected], [expected]], proxy.TakeHosts(path));
    }

    [Fact]
    public async Task HTTP_1_1_without_Host_is_refused()
    {
        Assert.Equal(400, (await proxy.ExchangeAsync("GET / HTTP/1.1\r\n\r\n")).Status);
        Assert.Empty(proxy.TakeHosts("/"));
    }

    [Theory]
    [InlineData("http://APP.example/", "app.example")]
    [InlineData("http://app.example:80/", "app.example")]
    [InlineData("http://app.example:/", "app.example")]
    [InlineData("http://app.example:8080/", "app.example:8080")]
    [InlineData("http://a_b.wild.example/", "a_b.wild.example")]
    [InlineData("http://[2001:db8::0:1]/", "[2001:db8::0:1]")]
    [InlineData("http://1.2/", "1.2")]
    public async Task The_authority_of_an_absolute_target_arrives_as_written(string target, string expected)
    {
        foreach (var other in (string[])["other.example", "app.example:81", "app.example:"])
        {
            Assert.Equal(200, (await proxy.ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: {other}\r\n\r\n")).Status);
            Assert.Equal(expected, Assert.Single(Assert.Single(proxy.TakeHosts("/"))), ignoreCase: true);
        }

        Assert.Equal(200, (await proxy.ExchangeAsync($"GET {target} HTTP/1.0\r\n\r\n")).Status);
        Assert.Equal(expected, Assert.Single(Assert.Single(proxy.TakeHosts("/"))), ignoreCase: true);
    }

    [Theory]
    [InlineData("http://a%62c.wild.example/")]
    [InlineData("http://a!b.wild.example/")]
    [InlineData("http://a..b/")]
    [InlineData("http://app.example:65536/")]
    [InlineData("http://:80/")]
    [InlineData("http:///")]
    [InlineData("http://b\u00fc.wild.example/")]
    public async Task An_absolute_target_with_an_invalid_authority_is_refused(string target)
    {
        foreach (var head in (string[])[$"{target} HTTP/1.1\r\nHost: app.example", $"{target} HTTP/1.0"])
            Assert.Equal(400, (await proxy.ExchangeAsync($"GET {head}\r\n\r\n")).Status);
        Assert.Empty(proxy.TakeHosts("/"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("vhost.example")]
    public async Task A_request_without_a_host_never_gets_the_address_of_the_Pod(string vhost)
    {
        await proxy.AddAsync(Manifests.Ingress("vhost", "", "http1", "/vhost", annotations: "upstream-vhost: \"$http_x_vhost\""));

        Assert.Equal(200, (await proxy.ExchangeAsync($"GET /vhost HTTP/1.0\r\nX-Vhost: {vhost}\r\n\r\n")).Status);

        Assert.Equal([[vhost == "vhost.example" ? vhost : ""]], proxy.TakeHosts("/"));
    }

    /// <summary>Sends a request with these fields on a connection of its own; returns the status, or how it ended.</summary>
    private async Task<string> GetHttp2Async(string path, params (string Name, string Value)[] fields)
    {
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        await client.HeadAsync(1, [(":method", "GET"), (":scheme", "https"), (":path", path), .. fields]);
        return await Http2FieldTests.StatusOfAsync(client, 1);
    }
}
