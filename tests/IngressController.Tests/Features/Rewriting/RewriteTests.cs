using System.Diagnostics;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Rewriting;

/// <summary>Rewritten requests at the backend, over sockets.</summary>
public sealed class RewriteTests(FeatureFixture proxy) : IClassFixture<FeatureFixture>
{
    [Theory]
    [InlineData("/something", "/", "/something/new", "/")]
    [InlineData("/something(/|$)(.*)", "/$2", "/something/new", "/new")]
    [InlineData("/something(/|$)(.*)", "/$2", "/something", "/")]
    [InlineData("/something(/|$)(.*)", "/$2", "/something/", "/")]
    [InlineData("/something(/|$)(.*)", "/$2", "/SomeThing/New?a=b&c=%2F", "/New?a=b&c=%2F")]
    [InlineData("/something(/|$)(.*)", "/$2", "/something/a%20b%2Fc%3Fd%25", "/a%20b/c%3Fd%25")]
    [InlineData("/something(/|$)(.*)", "/$2", "/something//a/../b", null)]
    [InlineData("/something(/|$)(.*)", "/$2", "/x/../something/a/./b", "/a/b")]
    [InlineData("/something(/|$)(.*)", "/$2", "/something/%C3%A9", "/%C3%A9")]
    // As in nginx, a dot does not match a line feed.
    [InlineData("/something(/|$)(.*)", "/$2", "/something/%0d%0aX:1", "/%0D")]
    [InlineData("/api/v([0-9]+)/(.*)", "/$2/$1/$3", "/api/v2/users", "/users/2/")]
    [InlineData("/x(.*)", "$1", "/xyz", "/yz")]
    [InlineData("/host", "/$host/$request_method", "/host", "/HOST/GET")]
    public async Task The_whole_path_is_replaced(string path, string target, string sent, string? received)
    {
        var host = await proxy.ServeAsync($"rewrite-target: \"{target}\"", path);
        if (received is null)
            Assert.Equal(400, (await proxy.GetReplyAsync(host, sent)).Status);
        else
            Assert.Equal(received.Replace("HOST", host, StringComparison.Ordinal), (await proxy.ForwardAsync(host, sent)).Target);
    }

    [Fact]
    public async Task A_target_equal_to_the_path_forwards_the_path_unchanged()
    {
        var host = await proxy.ServeAsync("rewrite-target: /", "/");
        Assert.Equal("/a%2fb//c", (await proxy.ForwardAsync(host, "/a%2fb//c")).Target);
    }

    [Theory]
    [InlineData("/foo/bar/bar", "/foo/bar/[a-z]{3}")]
    [InlineData("/foo/bar/baz", "/foo/bar/[a-z]{3}")]
    [InlineData("/FOO/bar/bazooka", "/foo/bar/[a-z]{3}")]
    [InlineData("/foo/barber", "/foo/bar")]
    [InlineData("/fo", null)]
    public async Task The_longest_pattern_takes_precedence(string target, string? rule)
    {
        var host = proxy.NewHost();
        var paths = new[] { "/foo/bar/bar", "/foo/bar/[a-z]{3}", "/foo/bar" };
        // Each rule rewrites to its own target, which identifies it.
        await proxy.AddAsync(string.Concat(paths.Select((path, i) => Manifests.Ingress($"{host}-{i}", host, "web", path, annotations: $"rewrite-target: /rule{i}"))));
        if (rule is null)
            Assert.Equal(404, (await proxy.GetReplyAsync(host, target)).Status);
        else
            Assert.Equal($"/rule{Array.IndexOf(paths, rule)}", (await proxy.ForwardAsync(host, target)).Target);
    }

    [Theory]
    [InlineData("/exact", 200)]
    [InlineData("/EXACT/and/more", 200)]
    [InlineData("/other", 404)]
    public async Task Use_regex_of_one_Ingress_applies_to_the_paths_of_another(string target, int status)
    {
        var host = await proxy.ServeAsync("use-regex: \"true\"", "/pattern[0-9]");
        await proxy.AddAsync(Manifests.Ingress($"{host}-other", host, "web", "/exact", "Exact"));
        Assert.Equal(status, (await proxy.GetAsync(host, target)).Status);
    }

    [Fact]
    public async Task A_path_that_is_an_invalid_pattern_returns_503_and_does_not_affect_others()
    {
        var host = await proxy.ServeAsync("use-regex: \"true\"", "/a(b");
        await proxy.AddAsync(Manifests.Ingress($"{host}-other", host, "web", "/good"));
        Assert.Equal(503, (await proxy.GetReplyAsync(host, "/a(b")).Status);
        Assert.Equal(200, (await proxy.GetAsync(host, "/good")).Status);
    }

    /// <summary>
    /// Patterns that take exponential time with backtracking. The first runs without backtracking; the second needs it and has a time
    /// limit. Both get a response, and the second fails closed instead of falling through to another route.
    /// </summary>
    [Theory]
    [InlineData("/(a+)+$", new[] { 404 })]
    [InlineData("/(?=(a+)+b)(a|aa)+$", new[] { 404, 503 })]
    public async Task No_pattern_stalls_a_request(string path, int[] statuses)
    {
        var host = await proxy.ServeAsync("use-regex: \"true\"", path);
        var start = Stopwatch.GetTimestamp();
        var response = await proxy.GetReplyAsync(host, $"/{new string('a', 4_000)}!");
        Assert.Contains(response.Status, statuses);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5), $"{Stopwatch.GetElapsedTime(start)}");
    }

    [Fact]
    public async Task X_Forwarded_Prefix_is_sent_if_the_path_is_rewritten()
    {
        var host = await proxy.ServeAsync("rewrite-target: /$2, x-forwarded-prefix: \"/api/$1\"", "/api/(v[0-9])/(.*)");
        var received = await proxy.ForwardAsync(host, "/api/v1/users", "X-Forwarded-Prefix: /evil\r\n");
        Assert.Equal(("/users", "/api/v1"), (received.Target, received.One("X-Forwarded-Prefix")));
    }

    [Fact]
    public async Task The_backend_receives_another_Host_and_the_original_in_X_Forwarded_Host()
    {
        var host = await proxy.ServeAsync("upstream-vhost: \"$service_name.$namespace.svc:$service_port\"");
        var received = await proxy.ForwardAsync(host);
        Assert.Equal(("web.default.svc:80", host), (received.One("Host"), received.One("X-Forwarded-Host")));
    }

    [Theory]
    [InlineData("ok.example:8080", "ok.example:8080")]
    [InlineData("a..b", null)]
    [InlineData("a:70000", null)]
    [InlineData("a!b", null)]
    [InlineData("a/b", null)]
    [InlineData("a, b", null)]
    [InlineData("", null)]
    public async Task Values_that_make_no_host_leave_the_clients_Host(string value, string? expected)
    {
        var host = await proxy.ServeAsync("upstream-vhost: \"$http_x_vhost\"");

        var received = await proxy.ForwardAsync(host, "/", $"X-Vhost: {value}\r\n");

        Assert.Equal([expected ?? host], received.All("Host"));
    }

    [Theory]
    [InlineData("https://bar.example.org/$1", "/original/(.*)", "/original/x/y", "https://bar.example.org/x/y")]
    [InlineData("https://bar.example.org/$1", "/original", "/original", "https://bar.example.org/")]
    [InlineData("https://bar.example.org/$1", "/original/(.*)", "/original/x?a=1&b", "https://bar.example.org/x?a=1&b")]
    [InlineData("https://bar.example.org/$1?", "/original/(.*)", "/original/x?a=1&b", "https://bar.example.org/x")]
    [InlineData("https://bar.example.org/?page=$1", "/original/(.*)", "/original/x%26y?a=1", "https://bar.example.org/?page=x%26y&a=1")]
    [InlineData("https://bar.example.org/?page=$1", "/original/(.*)", "/original/x", "https://bar.example.org/?page=x")]
    [InlineData("HTTP://bar.example.org/$1", "/original/(.*)", "/original/%E2%82%AC%20%3F%23", "HTTP://bar.example.org/%E2%82%AC%20%3F%23")]
    [InlineData("$scheme://$host:8443/$1", "/original/(.*)", "/original/x", "http://HOST:8443/x")]
    public async Task A_target_that_is_a_URL_redirects_there(string rewriteTarget, string path, string target, string location)
    {
        var host = await proxy.ServeAsync($"rewrite-target: \"{rewriteTarget}\"", path);
        var response = await proxy.GetReplyAsync(host, target);
        Assert.Equal((302, location.Replace("HOST", host, StringComparison.Ordinal)), (response.Status, response.One("Location")));
    }

    /// <summary>As in nginx: rewriting comes before the redirect to https, and app-root before both.</summary>
    [Fact]
    public async Task A_target_that_is_a_URL_comes_after_app_root_and_before_the_redirect_to_https()
    {
        var host = await proxy.ServeAsync("rewrite-target: https://bar.example.org/$1, app-root: /app, use-regex: \"true\"", "/(.*)", tlsSecret: "nowhere");
        Assert.Equal($"http://{host}/app", (await proxy.GetReplyAsync(host)).One("Location"));
        Assert.Equal("https://bar.example.org/x", (await proxy.GetReplyAsync(host, "/x")).One("Location"));
    }

    [Theory]
    [InlineData("/v/([a-z]+)", "/v/shop/x", "shop.inner.example.org")]
    [InlineData("/v/([^x]*)", "/v/%0d%0aX-Evil:1", "HOST")]
    [InlineData("/v/(.*)", "/v/a/b%20c", "HOST")]
    [InlineData("/v/none", "/v/none", "HOST")]
    public async Task Groups_of_the_path_are_filled_in_the_Host_for_the_backend(string path, string target, string expected)
    {
        var host = await proxy.ServeAsync("upstream-vhost: $1.inner.example.org, use-regex: \"true\"", path);
        var received = await proxy.ForwardAsync(host, target);
        Assert.Equal(expected.Replace("HOST", host, StringComparison.Ordinal), Assert.Single(received.All("Host")));
        Assert.Null(received.One("X-Evil"));
    }

    [Fact]
    public async Task A_host_is_served_under_its_aliases()
    {
        var host = await proxy.ServeAsync("server-alias: \"alias-HOST, *.many-HOST, ~^re[0-9]+-HOST$\"".Replace("HOST", "1.example", StringComparison.Ordinal), "/app");
        await proxy.AddAsync(Manifests.Ingress($"{host}-more", host, "web", "/more"));
        foreach (var name in (string[])["alias-1.example", "ALIAS-1.example:8080", "a.many-1.example", "a.b.many-1.example", "re7-1.example"])
        {
            Assert.Equal("/app", (await proxy.ForwardAsync(name, "/app")).Target);
            Assert.Equal("/more", (await proxy.ForwardAsync(name, "/more")).Target);
        }

        foreach (var name in (string[])["many-1.example", "x.alias-1.example", "re-1.example", "xre7-1.example"])
            Assert.Equal(404, (await proxy.GetReplyAsync(name, "/app")).Status);
    }

    [Fact]
    public async Task An_alias_follows_changes_of_its_host_and_ends_when_the_name_becomes_a_host()
    {
        var host = await proxy.ServeAsync("server-alias: \"alias-2.example\"", "/app");
        await proxy.AddAsync(Manifests.Ingress($"{host}-more", host, "web", "/later"));
        Assert.Equal("/later", (await proxy.ForwardAsync("alias-2.example", "/later")).Target);
        await proxy.AddAsync(Manifests.Ingress($"{host}-own", "alias-2.example", "web", "/own"));
        Assert.Equal(404, (await proxy.GetReplyAsync("alias-2.example", "/later")).Status);
        Assert.Equal("/own", (await proxy.ForwardAsync("alias-2.example", "/own")).Target);
    }
}
