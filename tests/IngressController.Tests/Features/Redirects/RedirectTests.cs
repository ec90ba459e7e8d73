using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Redirects;

/// <summary>Redirects over sockets. The expectations are those of ingress-nginx if it has the annotation.</summary>
public sealed class RedirectTests(FeatureFixture proxy) : IClassFixture<FeatureFixture>
{
    [Theory]
    [InlineData("permanent-redirect: https://new.example/start", 301, "https://new.example/start")]
    [InlineData("permanent-redirect: https://new.example, permanent-redirect-code: \"308\"", 308, "https://new.example")]
    [InlineData("temporal-redirect: https://now.example", 302, "https://now.example")]
    [InlineData("temporal-redirect: https://now.example, permanent-redirect: https://old.example, temporal-redirect-code: \"307\"", 307, "https://now.example")]
    [InlineData("permanent-redirect: https://new.example$request_uri", 301, "https://new.example/a/b?x=1&y=%2F")]
    [InlineData("permanent-redirect: \"https://new.example${uri}?from=$host\"", 301, "https://new.example/a/b?from=HOST")]
    public async Task Every_request_is_redirected_to_the_URL(string annotations, int status, string location)
    {
        var host = await proxy.ServeAsync(annotations);
        var response = await proxy.GetReplyAsync(host, "/a/b?x=1&y=%2F");
        Assert.Equal((status, location.Replace("HOST", host, StringComparison.Ordinal)), (response.Status, response.One("Location")));
        Assert.Equal("", response.Body);
    }

    /// <summary>Browsers read a location that begins with two slashes, or a slash and a backslash, as another host.</summary>
    [Theory]
    [InlineData("//evil.example/", "/evil.example/")]
    [InlineData("///evil.example/", "/evil.example/")]
    [InlineData("/good", "/good")]
    public async Task A_client_cannot_choose_the_host_of_a_redirect(string target, string location)
    {
        var host = await proxy.ServeAsync("permanent-redirect: \"/$request_uri\"");
        Assert.Equal(location, (await proxy.GetReplyAsync(host, target)).One("Location"));
    }

    [Theory]
    [InlineData("/%0d%0aSet-Cookie:%20a=b", "/%0D%0ASet-Cookie:%20a=b")]
    [InlineData("/%C3%A9", "/%C3%A9")]
    public async Task A_decoded_path_never_ends_a_header(string target, string path)
    {
        var host = await proxy.ServeAsync("permanent-redirect: \"https://new.example$uri\"");
        var response = await proxy.GetReplyAsync(host, target);
        Assert.Equal($"https://new.example{path}", response.One("Location"));
        Assert.Empty(response.All("Set-Cookie"));
    }

    [Fact]
    public async Task A_cookie_in_a_location_is_unchanged()
    {
        var host = await proxy.ServeAsync("temporal-redirect: \"https://new.example/$cookie_lang\"");
        var response = await proxy.GetReplyAsync(host, "/", "Cookie: other=1; lang=en%0d%0aX: 1\r\n");
        Assert.Equal("https://new.example/en%0d%0aX: 1", response.One("Location"));
    }

    [Fact]
    public async Task An_invalid_redirect_makes_the_route_fail_closed()
    {
        var host = await proxy.ServeAsync("permanent-redirect: \"javascript:alert(1)\"");
        Assert.Equal(503, (await proxy.GetReplyAsync(host)).Status);
    }

    [Theory]
    [InlineData("/", "https://HOST")]
    [InlineData("/a/", "https://HOST/a")]
    [InlineData("/a", "https://HOST/a")]
    [InlineData("/a/?b=/", "https://HOST/a/?b=")]
    [InlineData("/a%2Fb?c=d", "https://HOST/a%2Fb?c=d")]
    public async Task Http_is_redirected_to_https_if_the_host_has_a_certificate_valid_or_not(string target, string location)
    {
        var host = await proxy.ServeAsync("", tlsSecret: "nowhere");
        var response = await proxy.GetReplyAsync(host, target);
        Assert.Equal((308, location.Replace("HOST", host, StringComparison.Ordinal)), (response.Status, response.One("Location")));
    }

    [Fact]
    public async Task The_location_has_no_port_and_a_lower_case_host()
    {
        var host = await proxy.ServeAsync("", tlsSecret: "nowhere");
        Assert.Equal($"https://{host}/x", (await proxy.GetReplyAsync($"{host.ToUpperInvariant()}:8080", "/x")).One("Location"));
    }

    [Theory]
    [InlineData("preserve-trailing-slash: \"true\"", 308, "https://HOST/a/")]
    [InlineData("ssl-redirect: \"false\"", 200, null)]
    [InlineData("ssl-redirect: \"yes\"", 308, "https://HOST/a")]
    public async Task The_redirect_to_https_follows_its_annotations(string annotations, int status, string? location)
    {
        var host = await proxy.ServeAsync(annotations, tlsSecret: "nowhere");
        var response = await proxy.GetAsync(host, "/a/");
        Assert.Equal((status, location?.Replace("HOST", host, StringComparison.Ordinal)), (response.Status, response.One("Location")));
    }

    [Fact]
    public async Task Other_Ingresses_of_a_host_with_a_certificate_are_redirected_to_https()
    {
        var host = await proxy.ServeAsync("", tlsSecret: "nowhere");
        await proxy.AddAsync(Manifests.Ingress($"{host}-more", host, "web", "/more", annotations: ""));
        Assert.Equal(308, (await proxy.GetReplyAsync(host, "/more")).Status);
    }

    [Fact]
    public async Task A_host_below_a_wildcard_with_a_certificate_is_redirected_to_https()
    {
        var parent = proxy.NewHost();
        await proxy.AddAsync(Manifests.Ingress($"{parent}-all", $"*.{parent}", "web", tlsSecret: "nowhere", annotations: "")
            + Manifests.Ingress($"{parent}-one", $"one.{parent}", "web"));
        Assert.Equal(308, (await proxy.GetReplyAsync($"one.{parent}")).Status);
        Assert.Equal(308, (await proxy.GetReplyAsync($"other.{parent}")).Status);
    }

    [Theory]
    [InlineData("force-ssl-redirect: \"true\"", 308)]
    [InlineData("force-ssl-redirect: \"false\"", 200)]
    public async Task A_host_without_a_certificate_is_redirected_to_https_if_forced(string annotations, int status)
    {
        var host = await proxy.ServeAsync(annotations);
        // The forwarded scheme is ignored, because no proxy is trusted.
        Assert.Equal(status, (await proxy.GetAsync(host, "/", "X-Forwarded-Proto: https\r\n")).Status);
    }

    [Fact]
    public async Task ACME_challenges_are_not_redirected()
    {
        var host = await proxy.ServeAsync("", "/.well-known/acme-challenge/x", "Exact", tlsSecret: "nowhere");
        Assert.Equal("/.well-known/acme-challenge/x", (await proxy.ForwardAsync(host, "/.well-known/acme-challenge/x")).Target);
    }

    [Fact]
    public async Task A_request_by_https_is_not_redirected_to_https()
    {
        var host = await proxy.ServeAsync("force-ssl-redirect: \"true\"");
        using var client = proxy.Controller.NewClient();
        Assert.Equal("ok", await client.GetStringAsync($"https://{host}/"));
    }

    [Fact]
    public async Task The_root_of_a_host_is_redirected_to_its_app_root_before_any_other_step()
    {
        var host = await proxy.ServeAsync("app-root: /dashboard, permanent-redirect: https://new.example", "/other", tlsSecret: "nowhere");
        var response = await proxy.GetReplyAsync(host, "/?a=b");
        Assert.Equal((302, $"http://{host}/dashboard"), (response.Status, response.One("Location")));
        Assert.Equal(301, (await proxy.GetReplyAsync(host, "/other")).Status);
        Assert.Equal(404, (await proxy.GetReplyAsync(host, "/x")).Status);
    }

    [Theory]
    [InlineData("app-root: /login$is_args$args", "/?foo=bar", "http://HOST/login?foo=bar")]
    [InlineData("app-root: /login$is_args$args", "/", "http://HOST/login")]
    [InlineData("app-root: /login$is_args$args", "/?", "http://HOST/login")]
    [InlineData("app-root: \"/to/${host}/$arg_x\"", "/?x=1%2F2", "http://HOST/to/HOST/1%2F2")]
    [InlineData("app-root: \"/$cookie_lang\", relative-redirects: \"true\"", "/", "/evil.example/")]
    [InlineData("app-root: \"/a$$b\"", "/", "http://HOST/a$b")]
    public async Task Variables_of_an_app_root_are_filled(string annotations, string target, string location)
    {
        var host = await proxy.ServeAsync(annotations);
        var response = await proxy.GetReplyAsync(host, target, "Cookie: lang=/evil.example/\r\n");
        Assert.Equal((302, location.Replace("HOST", host, StringComparison.Ordinal)), (response.Status, response.One("Location")));
    }

    [Theory]
    [InlineData("permanent-redirect: https://new.example/$1", "/old/(.*)", "/old/a%20b/c?x=1", "https://new.example/a%20b/c")]
    [InlineData("permanent-redirect: \"https://new.example/$2?first=$1\"", "/old/([^/]*)/(.*)", "/old/a%26b%2Bc/d", "https://new.example/d?first=a%26b%2Bc")]
    [InlineData("temporal-redirect: https://$1.new.example/", "/old/(.*)", "/old/shop", "https://shop.new.example/")]
    [InlineData("temporal-redirect: https://$1.new.example/", "/old/(.*)", "/old/evil.example/x", "https://evil.example%2Fx.new.example/")]
    [InlineData("temporal-redirect: https://new.example/$1", "/old/([^z]*)", "/old/%0d%0aX-Evil:1", "https://new.example/%0D%0AX-Evil:1")]
    [InlineData("temporal-redirect: /$1", "/old(.*)", "/old/evil.example", "/evil.example")]
    [InlineData("temporal-redirect: https://new.example/$2", "/old/(.*)", "/old/x", "https://new.example/")]
    public async Task Groups_of_the_path_are_filled_in_a_redirect(string annotation, string path, string target, string location)
    {
        var host = await proxy.ServeAsync($"use-regex: \"true\", {annotation}", path);
        Assert.Equal(location, (await proxy.GetReplyAsync(host, target)).One("Location"));
    }

    [Theory]
    [InlineData("permanent-redirect: https://new.example/x", 301, "https://new.example/x")]
    [InlineData("temporal-redirect: \"https://new.example$request_uri\"", 302, "https://new.example/any/path?q")]
    [InlineData("rewrite-target: https://new.example/", 302, "https://new.example/?q")]
    [InlineData("permanent-redirect: gopher://new.example", 503, null)]
    [InlineData("allowlist-source-range: nonsense", 503, null)]
    [InlineData("", 404, null)]
    public async Task A_rule_without_paths_answers_if_an_annotation_does(string annotation, int status, string? location)
    {
        var host = proxy.NewHost();
        var ingress = Manifests.Ingress(host, host, "web", annotations: annotation);
        await proxy.AddAsync(ingress[..ingress.IndexOf("    http:", StringComparison.Ordinal)] + "\n");
        var response = await proxy.GetReplyAsync(host, "/any/path?q");
        Assert.Equal((status, location), (response.Status, response.One("Location")));
    }

    [Fact]
    public async Task A_path_of_another_Ingress_is_served_beside_a_rule_that_redirects_its_host()
    {
        var host = proxy.NewHost();
        var ingress = Manifests.Ingress(host, host, "web", annotations: "permanent-redirect: https://new.example, app-root: /app");
        await proxy.AddAsync(ingress[..ingress.IndexOf("    http:", StringComparison.Ordinal)] + "\n" + Manifests.Ingress($"{host}-api", host, "web", "/api"));
        Assert.Equal("/api/x", (await proxy.ForwardAsync(host, "/api/x")).Target);
        Assert.Equal($"http://{host}/app", (await proxy.GetReplyAsync(host)).One("Location"));
        Assert.Equal("https://new.example", (await proxy.GetReplyAsync(host, "/else")).One("Location"));
    }

    [Fact]
    public async Task A_www_name_is_redirected_to_the_name_without_www()
    {
        var host = await proxy.ServeAsync("from-to-www-redirect: \"true\"");
        var response = await proxy.GetReplyAsync($"www.{host}", "/foo/?a=b");
        Assert.Equal((308, $"http://{host}:80/foo/?a=b"), (response.Status, response.One("Location")));
        Assert.Equal($"http://{host}:80", (await proxy.GetReplyAsync($"www.{host}")).One("Location"));
        Assert.Equal("/foo", (await proxy.ForwardAsync(host, "/foo")).Target);
    }

    [Fact]
    public async Task A_name_is_redirected_to_its_www_name()
    {
        var host = proxy.NewHost();
        await proxy.AddAsync(Manifests.Ingress(host, $"www.{host}", "web", annotations: "from-to-www-redirect: \"true\""));
        Assert.Equal($"http://www.{host}:8080/foo", (await proxy.GetReplyAsync($"{host}:8080", "/foo/")).One("Location"));
    }

    [Fact]
    public async Task A_redirected_name_that_becomes_a_host_is_served()
    {
        var host = await proxy.ServeAsync("from-to-www-redirect: \"true\"");
        Assert.Equal(308, (await proxy.GetReplyAsync($"www.{host}")).Status);
        await proxy.AddAsync(Manifests.Ingress($"www-{host}", $"www.{host}", "web"));
        Assert.Equal(200, (await proxy.GetAsync($"www.{host}")).Status);
    }
}
