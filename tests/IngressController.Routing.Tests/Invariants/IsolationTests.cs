using System.Text.Json.Nodes;
using IngressController.Routing.Table;
using IngressController.Routing.Tests.Golden;

namespace IngressController.Routing.Tests.Invariants;

/// <summary>
/// An invalid Ingress never affects another: every invalid case, younger and in other namespaces, beside every valid one.
/// </summary>
public sealed class IsolationTests
{
    private static readonly Lazy<IReadOnlyList<GoldenCase>> ValidCases = new(() =>
    [
        .. GoldenCase.AllNames.Select(GoldenCase.Load).Where(golden => golden.Translate().CollectDiagnostics().Length == 0)
            // A few valid cases of every feature are enough; all would take minutes.
            .GroupBy(golden => golden.Name.Split('/')[0]).SelectMany(feature => feature.Take(5)).Select(AsOlder),
    ]);

    public static TheoryData<string> InvalidCases =>
        [.. GoldenCase.AllNames.Where(name => GoldenCase.Load(name).Translate().CollectDiagnostics().Length > 0)];

    [Theory]
    [MemberData(nameof(InvalidCases))]
    public void An_invalid_case_does_not_change_valid_ones(string name)
    {
        var stranger = GoldenCase.Load(name).AllDocuments.Where(document => !GoldenCase.IsKind(document, "IngressClass")).Select(AsStranger).ToArray();
        var switched = HostsInRegexMode(GoldenCase.Load(name));
        foreach (var valid in ValidCases.Value)
        {
            var alone = valid.Translate().Table;
            var together = (valid with { Steps = [.. valid.Steps, stranger] }).Translate().Table;

            Assert.All(alone.Hosts.Where(host => !switched.Contains(host.Key)), host => AssertKept(host.Value, together.Hosts[host.Key]));
            Assert.All(alone.Hosts.Where(host => switched.Contains(host.Key)), host => AssertKeptAsPatterns(host.Value, together.Hosts[host.Key]));
            Assert.All(alone.Backends, backend => Assert.Equal(backend.Value, together.Backends[backend.Key]));
            Assert.All(alone.TlsBindings, binding => Assert.Equal(binding.Value, together.TlsBindings[binding.Key]));
            Assert.Equal(alone.DefaultCertificate, together.DefaultCertificate);
            Assert.Equal(alone.DefaultRoute, together.DefaultRoute);
        }
    }

    [Fact]
    public void There_are_valid_cases() => Assert.True(ValidCases.Value.Count > 30);

    private static void AssertKept(VirtualHost before, VirtualHost after)
    {
        // Others may add paths to a host, but not change or reorder existing ones.
        Assert.Equal(before.Routes, after.Routes.Where(before.Routes.Contains));
        if (before.Default is not null)
            Assert.Equal(before.Default, after.Default);
    }

    /// <summary>As in ingress-nginx, one Ingress switches the comparison of all paths of a host; their actions stay.</summary>
    private static void AssertKeptAsPatterns(VirtualHost before, VirtualHost after) => Assert.All(before.Routes, route =>
    {
        var kept = Assert.Single(after.Routes, candidate => candidate.Origin == route.Origin);
        Assert.Equal((route.Action, route.Policies, route.PathText), (kept.Action, kept.Policies, kept.PathText));
    });

    private static HashSet<string> HostsInRegexMode(GoldenCase golden) =>
    [
        .. golden.Translate().Table.Hosts.Values.Where(host => host.Routes.Any(route => route.Match.Type == PathMatchType.Regex)).Select(host => host.Host),
    ];

    /// <summary>An Ingress without an age is the youngest; here each must be older than the stranger's.</summary>
    private static GoldenCase AsOlder(GoldenCase golden)
    {
        foreach (var metadata in golden.AllDocuments.Select(document => document["metadata"]!.AsObject()))
            metadata.TryAdd("creationTimestamp", "2024-01-01T00:00:00Z");
        return golden;
    }

    private static JsonObject AsStranger(JsonObject document)
    {
        var copy = document.DeepClone().AsObject();
        var metadata = copy["metadata"]!.AsObject();
        metadata["namespace"] = $"zz-{metadata["namespace"] ?? "default"}";
        metadata["creationTimestamp"] = "2098-01-01T00:00:00Z";
        return copy;
    }
}
