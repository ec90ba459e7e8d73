using System.Diagnostics;
using IngressController.Matching;
using IngressController.Pipeline;
using IngressController.Routing.Cluster;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;
using Xunit.Abstractions;

namespace IngressController.Tests.Matching;

/// <summary>
/// The cost of a lookup is bounded by the rules, not by the requests of clients or the rules of other tenants. Measured as a ratio to an
/// ordinary lookup with a wide margin: regressions differ by a factor of hundreds.
/// </summary>
[Collection("alone")]
public sealed class BoundedCostTests(ITestOutputHelper output)
{
    private static readonly RequestCounters Counters = new RequestMetrics().Unmatched;

    private static ProxyRoute Route(string path, PathMatchType type = PathMatchType.Prefix) => new(
        "", new Route(RouteOrigin.DefaultBackend(new ResourceName("n", "i")), new PathMatch(type, path), new RouteAction.Unavailable("")), cluster: null, Counters, RoutePlan.Empty);

    private static PathTable Table(params string[] paths) => new([.. paths.Select(path => Route(path))], defaultRoute: null);

    /// <summary>The time of the fastest of several runs, to exclude disturbances.</summary>
    private static double Cost(Action lookUp)
    {
        var best = TimeSpan.MaxValue;
        for (var run = 0; run < 30; run++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < 50; i++)
                lookUp();
            var elapsed = Stopwatch.GetElapsedTime(start);
            best = elapsed < best ? elapsed : best;
        }

        return best.TotalMicroseconds / 50;
    }

    private static readonly string Ordinary = $"/api/{new string('x', 3996)}";

    [Theory]
    [InlineData("////")]
    [InlineData("/a/a")]
    [InlineData("/.a/")]
    [InlineData("%2F/")]
    public void Matching_a_hostile_path_costs_as_much_as_an_ordinary_one_of_its_length(string part)
    {
        var table = Table("/", "/api", "/api/v1", "/static/images/icons");
        var hostile = string.Concat(Enumerable.Repeat(part, 1000)).Insert(0, "/");
        var reference = Cost(() => table.Find(RequestPath.Normalize($"{Ordinary}%20").Match));
        var cost = Cost(() => table.Find(RequestPath.Normalize(hostile).Match));
        output.WriteLine($"{cost:0.00} µs against {reference:0.00} µs");
        Assert.True(cost < 40 * reference + 200, $"{cost:0.0} µs against {reference:0.0} µs");
    }

    [Fact]
    public void A_rule_of_thousands_of_elements_does_not_slow_down_its_host()
    {
        var deep = string.Concat(Enumerable.Repeat("/a", 2000));
        var table = Table("/", deep);
        var reference = Cost(() => Table("/").Find($"{deep[..^1]}b/c"));
        var cost = Cost(() => table.Find($"{deep[..^1]}b/c"));
        output.WriteLine($"{cost:0.00} µs against {reference:0.00} µs");
        Assert.True(cost < 60 * reference + 100, $"{cost:0.0} µs against {reference:0.0} µs");
    }

    [Fact]
    public void Matching_a_hostile_host_costs_as_much_as_an_ordinary_one()
    {
        var hosts = HostTable.Empty.With(
            [.. Enumerable.Range(0, 2000).Select(i => KeyValuePair.Create($"{(i % 2 == 0 ? "*." : "")}h{i}.example", (PathTable?)Table("/")))], defaultRoute: null, HostAliases.None);
        var ordinary = $"{new string('h', 4000)}.example";
        var hostile = string.Concat(Enumerable.Repeat("a.", 2000));
        var reference = Cost(() => hosts.Find(ordinary, "/"));
        var cost = Cost(() => hosts.Find(hostile, "/"));
        output.WriteLine($"{cost:0.00} µs against {reference:0.00} µs");
        Assert.True(cost < 5 * reference + 20, $"{cost:0.0} µs against {reference:0.0} µs");
    }

    [Fact]
    public void Matching_costs_the_same_for_ten_and_ten_thousand_hosts()
    {
        var few = Hosts(10);
        var many = Hosts(10_000);
        var reference = Cost(() => few.Find("h7.example", "/api/x"));
        var cost = Cost(() => many.Find("h7.example", "/api/x"));
        output.WriteLine($"{cost:0.00} µs against {reference:0.00} µs");
        Assert.True(cost < 5 * reference + 2, $"{cost:0.0} µs against {reference:0.0} µs");

        static HostTable Hosts(int count) => HostTable.Empty.With(
            [.. Enumerable.Range(0, count).Select(i => KeyValuePair.Create($"h{i}.example", (PathTable?)Table("/", "/api")))], defaultRoute: null, HostAliases.None);
    }

    /// <summary>Compares results with the rule of the specification: the table of lengths must only change the number of lookups.</summary>
    [Fact]
    public void The_longest_prefix_of_whole_elements_matches()
    {
        string[] alphabet = ["a", "b", "aa", "ab"];
        var random = new Random(42);
        for (var round = 0; round < 300; round++)
        {
            var rules = Enumerable.Range(0, random.Next(1, 8)).Select(_ => RandomPath()).Distinct().ToArray();
            var table = Table(rules);
            for (var i = 0; i < 20; i++)
            {
                var path = RandomPath() + (random.Next(3) == 0 ? "/" : "");
                var expected = rules.Where(rule => rule == "/" || path == rule || path.StartsWith($"{rule}/", StringComparison.Ordinal)).MaxBy(rule => rule.Length);
                Assert.Equal(expected, table.Find(path)?.Definition.Match.Value);
            }
        }

        string RandomPath() => $"/{string.Join('/', Enumerable.Range(0, random.Next(0, 5)).Select(_ => alphabet[random.Next(alphabet.Length)]))}";
    }
}
