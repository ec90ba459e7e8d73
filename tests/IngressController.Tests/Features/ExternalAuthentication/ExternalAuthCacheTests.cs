using System.Net;
using IngressController.Features.ExternalAuthentication;
using IngressController.Routing.Cluster;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Table;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Features.ExternalAuthentication;

public sealed class ExternalAuthCacheTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Requests_with_the_same_key_call_the_service_once_and_get_the_same_result()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(request => request.One("Cookie") == "s=bad"
            ? "HTTP/1.1 401 X\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n"
            : $"HTTP/1.1 200 OK\r\nX-User: {request.One("Cookie")}\r\nContent-Length: 0\r\n\r\n");
        var host = await proxy.ServeAsync(
            backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-cache-key", "$cookie_s"), ("auth-response-headers", "X-User"));
        foreach (var cookie in new[] { "1", "2", "1", "2", "1" })
            Assert.Equal(200, (await proxy.GetAsync(host, "/", $"Cookie: s={cookie}\r\nX-User: admin\r\n")).Status);
        for (var i = 0; i < 3; i++)
            Assert.Equal("Bearer", (await proxy.GetAsync(host, "/", "Cookie: s=bad\r\n")).One("WWW-Authenticate"));
        Assert.Equal(["s=1", "s=2", "s=bad"], auth.Requests.Select(request => request.One("Cookie")));
        Assert.Equal(["s=1", "s=2", "s=1", "s=2", "s=1"], backend.Requests.Select(request => request.One("X-User")));
    }

    [Fact]
    public async Task Two_Ingresses_do_not_share_results()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(WireBackend.Ok(""));
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-cache-key", "same"));
        await proxy.ServeAtAsync(host, "/other", backend.Port, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-cache-key", "same"));
        var elsewhere = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-cache-key", "same"));
        for (var i = 0; i < 2; i++)
        {
            await proxy.GetAsync(host);
            await proxy.GetAsync(host, "/other");
            await proxy.GetAsync(elsewhere);
        }

        Assert.Equal(3, auth.Requests.Count);
    }

    [Fact]
    public async Task Hosts_below_a_wildcard_do_not_share_results_if_each_has_its_own_service()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer(request => request.One("Host") == "a.localhost" ? WireBackend.Ok("") : "HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n");
        await proxy.ServeAtAsync("*.localhost", "/", backend.Port, ("auth-url", $"http://$host:{auth.Port}/"), ("auth-cache-key", "same"));
        Assert.Equal(200, (await proxy.GetAsync("a.localhost")).Status);
        Assert.Equal(403, (await proxy.GetAsync("b.localhost:1234")).Status);
        Assert.Equal(200, (await proxy.GetAsync("a.localhost")).Status);
        Assert.Equal(2, auth.Requests.Count);
    }

    [Theory]
    [InlineData("HTTP/1.1 403 X\r\n")]
    [InlineData("HTTP/1.1 500 X\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: private, max-age=60\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nCache-Control: max-age=0\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nVary: Cookie\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nExpires: 0\r\n")]
    public async Task A_response_that_is_not_cacheable_is_not_cached(string head)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer($"{head}Content-Length: 0\r\n\r\n");
        var host = await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/"), ("auth-cache-key", "$host"));
        await proxy.GetAsync(host);
        await proxy.GetAsync(host);
        Assert.Equal(2, auth.Requests.Count);
    }

    [Fact]
    public void A_result_is_cached_for_the_lifetime_of_its_status()
    {
        var cache = new ExternalAuthCache(_time);
        EquatableArray<AuthCacheRule> rules = [new([200, 202], TimeSpan.FromMinutes(1)), new([], TimeSpan.FromSeconds(5))];
        Keep(cache, "ok", rules, 200);
        Keep(cache, "no", rules, 401);
        Assert.Equal((200, 401), (cache.Find(Key("ok"))?.Status, cache.Find(Key("no"))?.Status));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal((200, (int?)null), (cache.Find(Key("ok"))?.Status, cache.Find(Key("no"))?.Status));
        _time.Advance(TimeSpan.FromSeconds(55));
        Assert.Null(cache.Find(Key("ok")));
    }

    [Fact]
    public void The_service_can_shorten_the_lifetime_but_not_extend_it()
    {
        var cache = new ExternalAuthCache(_time);
        Keep(cache, "short", ExternalAuthSettings.DefaultCacheDuration, 200, "max-age=10");
        Keep(cache, "long", ExternalAuthSettings.DefaultCacheDuration, 200, "max-age=100000");
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(cache.Find(Key("short")));
        Assert.NotNull(cache.Find(Key("long")));
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(cache.Find(Key("long")));
    }

    [Fact]
    public void The_oldest_results_are_evicted_at_capacity()
    {
        var cache = new ExternalAuthCache(_time, capacity: 3);
        for (var i = 0; i < 100; i++)
            Keep(cache, $"key {i}", ExternalAuthSettings.DefaultCacheDuration, 200);
        Assert.Equal(3, cache.Count);
        Assert.Null(cache.Find(Key("key 96")));
        Assert.NotNull(cache.Find(Key("key 97")));
    }

    [Fact]
    public void A_large_result_is_not_cached()
    {
        var cache = new ExternalAuthCache(_time);
        using var response = new HttpResponseMessage(HttpStatusCode.OK);
        cache.Store(Key("x"), ExternalAuthSettings.DefaultCacheDuration, response, new ExternalAuthResult { Status = 200, Headers = [("X-User", new string('x', 5000))] });
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void A_changed_annotation_invalidates_cached_results()
    {
        var cache = new ExternalAuthCache(_time);
        Keep(cache, "x", ExternalAuthSettings.DefaultCacheDuration, 200);
        Assert.NotNull(cache.Find(Key("x")));
        Assert.Null(cache.Find(Key("x", "http://other.example/")));
        Assert.Null(cache.Find(Key("y")));
    }

    private static void Keep(ExternalAuthCache cache, string key, EquatableArray<AuthCacheRule> rules, int status, string? cacheControl = null)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        if (cacheControl is not null)
            response.Headers.TryAddWithoutValidation("Cache-Control", cacheControl);
        cache.Store(Key(key), rules, response, new ExternalAuthResult { Status = status });
    }

    /// <summary>Creates a key from new objects, because keys are compared by value.</summary>
    private static ExternalAuthCacheKey Key(string value, string url = "http://auth.example/")
    {
        var form = ExternalAuthFeature.AuthUrl.Form.Read(url);
        var name = new ResourceName("default", "app");
        var route = new Route(new RouteOrigin(name, 0, 0), PathMatch.Root, new RouteAction.Forward(new BackendId(name, "80")));
        return ExternalAuthCacheKey.Of(new ExternalAuthScope(new ExternalAuthPolicy { Url = form.Value }), "app.example", route, value);
    }
}
