using System.Text.Json;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Matching;

/// <summary>Rules with one backend each, which responds with the name of its rule.</summary>
public sealed class MatchingFixture : ProxyFixture, IAsyncLifetime
{
    private static readonly (string Host, string Path, string Type)[] Rules =
    [
        ("exact.example", "/", "Prefix"),
        ("exact.example", "/foo", "Exact"),
        ("exact.example", "/foo", "Prefix"),
        ("exact.example", "/foo/", "Exact"),
        ("exact.example", "/foo/bar", "Prefix"),
        ("exact.example", "/slash/", "Prefix"),
        ("exact.example", "/a b", "Prefix"),
        ("exact.example", "/caf\u00e9", "Prefix"),
        ("exact.example", "/only", "Exact"),
        ("*.wild.example", "/", "Prefix"),
        ("a.wild.example", "/", "Prefix"),
        ("narrow.wild.example", "/narrow", "Prefix"),
        ("", "/any", "Prefix"),
    ];

    private readonly List<WireBackend> _backends = [];

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        var manifests = "";
        foreach (var (host, path, type) in Rules)
        {
            var backend = WireBackend.Answer(WireBackend.Ok($"{host} {type} {path}"));
            _backends.Add(backend);
            var name = $"r{_backends.Count}";
            manifests += Manifests.Service(name, [backend.Port]);
            manifests += host.Length > 0
                ? Manifests.Ingress(name, host, name, path, type)
                : Manifests.Ingress(name, "REMOVED", name, path, type).Replace("host: \"REMOVED\"", "host: \"\"", StringComparison.Ordinal);
        }

        await AddAsync(manifests);
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        foreach (var backend in _backends)
            await backend.DisposeAsync();
    }
}

public sealed class MatchingTests(MatchingFixture proxy) : IClassFixture<MatchingFixture>
{
    [Theory]
    [InlineData("exact.example", "exact.example Prefix /")]
    [InlineData("EXACT.Example", "exact.example Prefix /")]
    [InlineData("exact.example.", "exact.example Prefix /")]
    [InlineData("exact.example:8080", "exact.example Prefix /")]
    [InlineData("Exact.EXAMPLE.:443", "exact.example Prefix /")]
    [InlineData("a.wild.example", "a.wild.example Prefix /")]
    [InlineData("b.wild.example", "*.wild.example Prefix /")]
    [InlineData("B.WILD.example.:1", "*.wild.example Prefix /")]
    public async Task An_exact_host_takes_precedence_over_a_wildcard_and_case_port_and_trailing_dot_are_ignored(string host, string expected) =>
        Assert.Equal(expected, (await proxy.GetAsync(host)).Body);

    [Theory]
    [InlineData("x.b.wild.example")]
    [InlineData("wild.example")]
    [InlineData("xexact.example")]
    [InlineData("other.example")]
    [InlineData("10.0.0.1:80")]
    [InlineData("[::1]:80")]
    public async Task An_unknown_host_matches_the_rules_without_a_host(string host)
    {
        Assert.Equal(" Prefix /any", (await proxy.GetAsync(host, "/any/thing")).Body);
        Assert.Equal(404, (await proxy.GetAsync(host, "/")).Status);
    }

    [Theory]
    [InlineData("exact.example")]
    [InlineData("narrow.wild.example")]
    public async Task A_matching_host_does_not_fall_through_to_the_rules_without_a_host(string host)
    {
        var response = await proxy.GetAsync(host, "/any");
        Assert.NotEqual(" Prefix /any", response.Body);
        Assert.Equal(host == "exact.example" ? 200 : 404, response.Status);
    }

    [Theory]
    [InlineData("/foo", "Exact /foo")]
    [InlineData("/foo/", "Exact /foo/")]
    [InlineData("/foo//", "Exact /foo/")]
    [InlineData("/foo/x", "Prefix /foo")]
    [InlineData("/foobar", "Prefix /")]
    [InlineData("/FOO", "Prefix /")]
    [InlineData("/foo/bar", "Prefix /foo/bar")]
    [InlineData("/foo/bar/", "Prefix /foo/bar")]
    [InlineData("/foo/barx", "Prefix /foo")]
    [InlineData("/foo/Bar", "Prefix /foo")]
    [InlineData("/slash", "Prefix /slash/")]
    [InlineData("/slash/", "Prefix /slash/")]
    [InlineData("/slash/x", "Prefix /slash/")]
    [InlineData("/slashes", "Prefix /")]
    [InlineData("/only", "Exact /only")]
    [InlineData("/only/", "Prefix /")]
    [InlineData("/", "Prefix /")]
    [InlineData("/foo?/foo/bar", "Exact /foo")]
    [InlineData("/%66oo", "Exact /foo")]
    [InlineData("/foo%2Fbar", "Prefix /foo/bar")]
    [InlineData("/foo%2fbarx", "Prefix /foo")]
    [InlineData("//foo///bar", "Prefix /foo/bar")]
    [InlineData("/x/../foo/./bar", "Prefix /foo/bar")]
    [InlineData("/foo/bar/..", "Exact /foo/")]
    [InlineData("/foo/%2e%2E/only", "Exact /only")]
    [InlineData("/a%20b/c", "Prefix /a b")]
    [InlineData("/caf%C3%A9", "Prefix /caf\u00c3\u00a9")]
    [InlineData("http://exact.example/foo", "Exact /foo")]
    [InlineData("http://exact.example", "Prefix /")]
    [InlineData("http://exact.example?/foo", "Prefix /")]
    public async Task Paths_match_case_sensitively_by_whole_elements_and_Exact_takes_precedence_over_the_longest_Prefix(string target, string expected)
    {
        // The body is compared as bytes: the é of the rule is two bytes.
        var response = await proxy.GetAsync("exact.example", target);
        Assert.Equal(200, response.Status);
        Assert.Equal($"exact.example {expected}".Replace("\u00c3\u00a9", "\u00e9", StringComparison.Ordinal), response.Body);
    }

    [Theory]
    [InlineData("/%00")]
    [InlineData("/foo%00.html")]
    [InlineData("/..")]
    [InlineData("/foo/../../only")]
    [InlineData("/%2e%2e/only")]
    [InlineData("/foo\\bar")]
    [InlineData("/foo%5Cbar")]
    [InlineData("/foo%5c..%5cbar")]
    [InlineData("/foo/..;/only")]
    [InlineData("/foo/.;x/only")]
    [InlineData("/foo%2F../only")]
    [InlineData("/foo//../only")]
    [InlineData("/%zz")]
    [InlineData("/%")]
    [InlineData("/foo%2")]
    [InlineData("/foo#frag")]
    [InlineData("http://exact.example@other.example/foo")]
    [InlineData("http://other.example@exact.example/foo")]
    [InlineData("http://exact.example\\@x/foo")]
    [InlineData("http://exact.example#x/foo")]
    [InlineData("http:/exact.example/foo")]
    [InlineData("http:\\\\exact.example\\foo")]
    public async Task An_ambiguous_target_is_refused(string target) =>
        Assert.Equal(400, (await proxy.GetAsync("exact.example", target)).Status);

    [Theory]
    [InlineData("Host: exact.example\r\nHost: exact.example\r\n")]
    [InlineData("Host: exact.example\r\nhost: a.wild.example\r\n")]
    [InlineData("")]
    [InlineData("Host:\r\n")]
    [InlineData("Host: .wild.example\r\n")]
    [InlineData("Host: exact.example..\r\n")]
    [InlineData("Host: exact.example, other.example\r\n")]
    [InlineData("Host: exact example\r\n")]
    [InlineData("Host: exact.example/foo\r\n")]
    [InlineData("Host: user@exact.example\r\n")]
    [InlineData("Host: exact.example:80:90\r\n")]
    [InlineData("Host : exact.example\r\n")]
    public async Task A_request_without_exactly_one_valid_host_is_refused(string fields) =>
        Assert.Equal(400, (await proxy.ExchangeAsync($"GET / HTTP/1.1\r\n{fields}\r\n")).Status);

    [Fact]
    public async Task An_HTTP_1_0_request_without_Host_matches_the_rules_without_a_host()
    {
        var response = await proxy.ExchangeAsync("GET /any HTTP/1.0\r\n\r\n");
        Assert.Equal((200, " Prefix /any"), (response.Status, response.Body));
    }

    [Theory]
    [InlineData("CONNECT exact.example:443", "exact.example:443", 400)]
    [InlineData("CONNECT 127.0.0.1:22", "127.0.0.1:22", 400)]
    [InlineData("CONNECT /", "exact.example", 400)]
    [InlineData("CONNECT /p", "exact.example", 400)]
    [InlineData("connect /p", "exact.example", 400)]
    [InlineData("CONNECT http://exact.example/", "exact.example", 400)]
    [InlineData("CONNECT http://exact.example:443", "exact.example", 400)]
    [InlineData("CONNECT *", "exact.example", 405)]
    [InlineData("OPTIONS *", "exact.example", 400)]
    [InlineData("GET *", "exact.example", 405)]
    [InlineData("GET foo", "exact.example", 405)]
    [InlineData("GET http:foo", "exact.example", 405)]
    public async Task Targets_that_are_not_paths_are_refused(string start, string host, int status) =>
        Assert.Equal(status, (await proxy.ExchangeAsync($"{start} HTTP/1.1\r\nHost: {host}\r\n\r\n")).Status);

    [Fact]
    public async Task An_unmatched_request_gets_404_as_text_or_as_JSON()
    {
        var text = await proxy.GetAsync("narrow.wild.example");
        Assert.Equal(404, text.Status);
        Assert.Equal("text/plain; charset=utf-8", text.One("Content-Type"));
        Assert.StartsWith("404 Not Found", text.Body, StringComparison.Ordinal);

        var json = await proxy.GetAsync("narrow.wild.example", "/", "Accept: text/html;q=0.1, application/json\r\n");
        Assert.Equal(404, json.Status);
        Assert.Equal("application/problem+json", json.One("Content-Type"));
        using var problem = JsonDocument.Parse(json.Body);
        Assert.Equal(404, problem.RootElement.GetProperty("status").GetInt32());
        Assert.InRange(json.Body.Length, 10, 400);

        foreach (var answer in new[] { text, json })
            Assert.Equal("yarp-ingress", answer.One("Server"));
        var head = await proxy.ExchangeAsync("HEAD / HTTP/1.1\r\nHost: narrow.wild.example\r\n\r\n");
        Assert.Equal((404, ""), (head.Status, head.Body));
        Assert.Equal(text.One("Content-Length"), head.One("Content-Length"));
    }
}
