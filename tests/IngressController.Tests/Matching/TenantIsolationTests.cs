using System.Diagnostics;
using System.Text.RegularExpressions;
using IngressController.Features.Headers;
using IngressController.Matching;
using IngressController.Pipeline;
using IngressController.Routing.Cluster;
using IngressController.Routing.Features.Headers;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;
using IngressController.Routing.Values;

namespace IngressController.Tests.Matching;

/// <summary>Patterns of one Ingress do not affect hosts and requests of others.</summary>
[Collection("alone")]
public sealed class TenantIsolationTests
{
    private static readonly ResourceName Tenant = new("tenant", "app");

    private static PathTable Paths(string host, params PathPattern[] patterns) => new(
        [
            .. patterns.DefaultIfEmpty(null).Select(pattern => new ProxyRoute(
                host, new Route(RouteOrigin.DefaultBackend(Tenant), pattern is null ? PathMatch.Root : new PathMatch(PathMatchType.Regex, pattern.Text), new RouteAction.Unavailable(""))
                {
                    Pattern = pattern,
                },
                cluster: null, new RequestMetrics().Unmatched, RoutePlan.Empty)),
        ],
        defaultRoute: null);

    private static HostTable Hosts(string[] hosts, params string[] aliases) => HostTable.Empty.With(
        [.. hosts.Select(host => KeyValuePair.Create(host, (PathTable?)Paths(host)))], defaultRoute: null,
        new HostAliases([.. aliases.Select(alias => (new HostAlias(alias, hosts[0], Redirect: null, Tenant, "server-alias"), (RouteEntry?)null))]));

    [Theory]
    [InlineData("a.example", "mine.example")]
    [InlineData("b.shop.example", "*.shop.example")]
    [InlineData("named.shop.example", "mine.example")]
    [InlineData("c.b.shop.example", "mine.example")]
    [InlineData("shop.example", "mine.example")]
    public void A_wildcard_host_takes_precedence_over_wildcard_and_pattern_aliases(string host, string entry)
    {
        var hosts = Hosts(["mine.example", "*.shop.example"], "~.", "*.example", "named.shop.example");
        Assert.Equal(entry, hosts.Find(host, "/")!.Host);
    }

    [Fact]
    public void A_pattern_that_times_out_delays_requests_of_other_hosts_only_once()
    {
        var hosts = Hosts(["mine.example", ""], "~^(?!x)(a+)+$", "~^z-");
        var hostile = $"{new string('a', 60)}.other";
        Assert.Equal("", hosts.Find(hostile, "/")!.Host);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 1_000; i++)
            Assert.Equal("", hosts.Find(hostile, "/")!.Host);
        // With a timeout for each request this would take twenty seconds.
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal("mine.example", hosts.Find("z-1.other", "/")!.Host);
    }

    [Fact]
    public void All_patterns_of_a_host_share_a_time_limit()
    {
        // The time of each pattern grows with the square of the length of the path, but stays below its own limit.
        var patterns = Enumerable.Range(0, 20_000).Select(i => PathPattern.TryCreate($"/[^x]*[^y]*!{i}", out _)!).ToArray();
        var paths = Paths("mine.example", patterns);
        var watch = Stopwatch.StartNew();
        Assert.Throws<RegexMatchTimeoutException>(() => paths.Find($"/{new string('a', 700)}"));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_cookie_is_unchanged_if_its_pattern_times_out()
    {
        var rule = new CookieRule(".*a.{0,900}b.{0,900}c.{0,900}d", "x", CookieMatch.Pattern);
        var cookie = $"id=1; Path=/{string.Concat(Enumerable.Repeat("abca", 10_000))}";
        var watch = Stopwatch.StartNew();
        Assert.Same(cookie, new CookieRewrite(new CookieRewritePolicy(null, rule)).Rewrite(cookie));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }
}
