using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Matching;

/// <summary>Routes with predicates: methods, headers and query parameters.</summary>
public sealed class RouteMatchingTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static int _names;

    [Theory]
    [InlineData("[POST, put]", "POST", true)]
    [InlineData("[POST, put]", "PUT", true)]
    [InlineData("[POST, put]", "GET", false)]
    [InlineData("[GET]", "HEAD", false)]
    public async Task Methods_match(string methods, string method, bool matches) =>
        Assert.Equal(matches, await IsTakenAsync("route-methods", methods, $"{method} / HTTP/1.1\r\nContent-Length: 0\r\n"));

    [Theory]
    [InlineData("ExactHeader", "[a, b]", "X: b", true)]
    [InlineData("ExactHeader", "[a, b]", "X: B", true)]
    [InlineData("ExactHeader", "[a, b]", "X: bc", false)]
    [InlineData("ExactHeader", "[a, b]", "X: c, \"b\"", true)]
    [InlineData("ExactHeader", "[a, b]", "X: c\r\nx: a", true)]
    [InlineData("ExactHeader", "[\"a,b\"]", "X: \"a,b\", c", true)]
    [InlineData("ExactHeader", "[a]", "X: \"x,a\"", false)]
    [InlineData("ExactHeader", "[a]", "X:", false)]
    [InlineData("ExactHeader", "[a]", "Y: a", false)]
    [InlineData("HeaderPrefix", "[ab]", "X: abc", true)]
    [InlineData("HeaderPrefix", "[ab]", "X: cab", false)]
    [InlineData("HeaderPrefix", "[ab]", "X: c,  abc", true)]
    [InlineData("Contains", "[b]", "X: abc", true)]
    [InlineData("Contains", "[b]", "X: ac", false)]
    [InlineData("NotContains", "[b]", "X: ac", true)]
    [InlineData("NotContains", "[b]", "X: ac\r\nX: b", false)]
    [InlineData("NotContains", "[b]", "Y: 1", false)]
    [InlineData("Exists", null, "X: 1", true)]
    [InlineData("Exists", null, "X:", false)]
    [InlineData("Exists", null, "Y: 1", false)]
    [InlineData("NotExists", null, "Y: 1", true)]
    [InlineData("NotExists", null, "X: 1", false)]
    public async Task Headers_match(string mode, string? values, string fields, bool matches) => Assert.Equal(matches, await IsTakenAsync(
        "route-headers", $"- Name: X\n  Mode: {mode}\n{(values is null ? "" : $"  Values: {values}\n")}", $"GET / HTTP/1.1\r\n{fields}\r\n"));

    [Theory]
    [InlineData("v=2; beta=1", true)]
    [InlineData("beta=1", true)]
    [InlineData("xbeta=1", false)]
    public async Task A_cookie_is_one_element_of_its_header(string cookies, bool matches) => Assert.Equal(matches, await IsTakenAsync(
        "route-headers", "[{Name: Cookie, Values: [beta=1], IsCaseSensitive: true}]", $"GET / HTTP/1.1\r\nCookie: {cookies}\r\n"));

    [Theory]
    [InlineData("Exact", "[a]", "/?q=a", true)]
    [InlineData("Exact", "[a]", "/?Q=%41", true)]
    [InlineData("Exact", "[a]", "/?q=ab", false)]
    [InlineData("Exact", "[a]", "/?q=a&q=b", false)]
    [InlineData("Exact", "[a]", "/?r=a", false)]
    [InlineData("Prefix", "[a]", "/?q=ab", true)]
    [InlineData("Contains", "[b]", "/?q=abc", true)]
    [InlineData("NotContains", "[b]", "/?q=ac", true)]
    [InlineData("NotContains", "[b]", "/?q=ac&q=b", false)]
    [InlineData("NotContains", "[b]", "/", false)]
    [InlineData("Exists", null, "/?q=1", true)]
    [InlineData("Exists", null, "/?q", false)]
    [InlineData("Exists", null, "/", false)]
    public async Task Query_parameters_match(string mode, string? values, string target, bool matches) => Assert.Equal(matches, await IsTakenAsync(
        "route-queryparameters", $"- Name: q\n  Mode: {mode}\n{(values is null ? "" : $"  Values: {values}\n")}", $"GET {target} HTTP/1.1\r\n"));

    [Fact]
    public async Task Values_are_compared_case_sensitively_on_request()
    {
        const string Sensitive = "[{Name: X, Values: [a], IsCaseSensitive: true}]";
        Assert.True(await IsTakenAsync("route-headers", Sensitive, "GET / HTTP/1.1\r\nx: a\r\n"));
        Assert.False(await IsTakenAsync("route-headers", Sensitive, "GET / HTTP/1.1\r\nX: A\r\n"));
    }

    [Fact]
    public async Task A_request_that_no_route_of_the_longest_path_accepts_falls_back_to_shorter_paths_and_then_404()
    {
        await using var backend = WireBackend.Answer(request => WireBackend.Ok(request.Target));
        await using var longer = WireBackend.Answer(_ => WireBackend.Ok("longer"));
        var name = $"m{++_names}";
        var host = $"{name}.example";
        await proxy.AddAsync(
            Manifests.Service(name, [backend.Port]) + Manifests.Service($"{name}-longer", [longer.Port])
            + AnnotatedManifests.Ingress(name, host, name, "/", annotations: ("route-methods", "[GET, PUT]"))
            + AnnotatedManifests.Ingress($"{name}-longer", host, $"{name}-longer", "/a/b", annotations: ("route-methods", "[GET]")));
        Assert.Equal("longer", (await SendAsync(host, "GET /a/b/c HTTP/1.1\r\n")).Body);
        Assert.Equal("/a/b/c", (await SendAsync(host, "PUT /a/b/c HTTP/1.1\r\nContent-Length: 0\r\n")).Body);
        Assert.Equal(404, (await SendAsync(host, "POST /a/b/c HTTP/1.1\r\nContent-Length: 0\r\n")).Status);
    }

    [Fact]
    public async Task Routes_of_one_path_are_ordered_by_order_then_number_of_predicates_then_age()
    {
        var name = $"m{++_names}";
        var host = $"{name}.example";
        var backends = new List<WireBackend>();
        var manifests = new StringBuilder();
        foreach (var (id, age, annotations) in ((string, int, (string, string)[])[])
        [
            ("any", 9, []),
            ("get", 1, [("route-methods", "[GET]")]),
            ("header", 2, [("route-headers", "[{Name: X, Mode: Exists}]")]),
            ("both", 0, [("route-headers", "[{Name: X, Values: [both]}]"), ("route-methods", "[GET]")]),
            ("first", 0, [("route-headers", "[{Name: X, Values: [first]}]"), ("route-order", "-1")]),
            ("never", 20, [("route-order", "1"), ("route-methods", "[GET]"), ("route-headers", "[{Name: X, Mode: Exists}]")]),
        ])
        {
            var backend = WireBackend.Answer(_ => WireBackend.Ok(id));
            backends.Add(backend);
            manifests.Append(Manifests.Service($"{name}-{id}", [backend.Port])).Append(AnnotatedManifests.Ingress($"{name}-{id}", host, $"{name}-{id}", "/", age, annotations));
        }

        await proxy.AddAsync(manifests.ToString());
        Assert.Equal("any", (await SendAsync(host, "PUT / HTTP/1.1\r\nContent-Length: 0\r\n")).Body);
        Assert.Equal("get", (await SendAsync(host, "GET / HTTP/1.1\r\n")).Body);
        Assert.Equal("header", (await SendAsync(host, "PUT / HTTP/1.1\r\nX: 1\r\nContent-Length: 0\r\n")).Body);
        // With the same number of predicates the older one takes precedence.
        Assert.Equal("header", (await SendAsync(host, "GET / HTTP/1.1\r\nX: 1\r\n")).Body);
        Assert.Equal("both", (await SendAsync(host, "GET / HTTP/1.1\r\nX: both\r\n")).Body);
        Assert.Equal("first", (await SendAsync(host, "GET / HTTP/1.1\r\nX: first\r\n")).Body);
        foreach (var backend in backends)
            await backend.DisposeAsync();
    }

    [Fact]
    public async Task Invalid_predicates_make_only_their_route_fail_closed()
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("ok"));
        var name = $"m{++_names}";
        var host = $"{name}.example";
        var broken = AnnotatedManifests.Ingress($"{name}-broken", host, name, "/", age: 9, ("route-methods", "GET"));
        await proxy.AddAsync(Manifests.Service(name, [backend.Port]) + broken);
        Assert.Equal(503, (await proxy.GetAsync(host)).Status);
        await proxy.AddAsync(AnnotatedManifests.Ingress(name, host, name, annotations: ("route-methods", "[GET]")));
        Assert.Equal(200, (await proxy.GetAsync(host)).Status);
        Assert.Equal(503, (await SendAsync(host, "PUT / HTTP/1.1\r\nContent-Length: 0\r\n")).Status);
    }

    private async Task<bool> IsTakenAsync(string annotation, string value, string request)
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("taken"));
        var name = $"m{++_names}";
        await proxy.AddAsync(Manifests.Service(name, [backend.Port]) + AnnotatedManifests.Ingress(name, $"{name}.example", name, annotations: (annotation, value)));
        var response = await SendAsync($"{name}.example", request);
        Assert.True(response.Status is 200 or 404, response.Start);
        return response.Status == 200;
    }

    private Task<WireMessage> SendAsync(string host, string request) => proxy.ExchangeAsync($"{request}Host: {host}\r\n\r\n");
}
