using IngressController.Routing.Catalog;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Features;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;
using k8s.Models;

namespace IngressController.Routing.Tests.Translation;

/// <summary>A defect that one Ingress triggers must not hold back the others.</summary>
public sealed class FailingFeatureTests
{
    [Fact]
    public void An_Ingress_that_makes_a_feature_fail_is_closed_and_others_are_unchanged()
    {
        var translation = Translate(context => context.Ingress.Name == "bad" ? throw new FormatException("hunter2") : []);

        var closed = Assert.Single(translation.Table.Hosts["bad.example.com"].Routes);
        Assert.NotNull(closed.Policies.Get<ClosedPolicy>());
        Assert.Null(Assert.Single(translation.Table.Hosts["good.example.com"].Routes).Policies.Get<ClosedPolicy>());
        var diagnostic = Assert.Single(translation.CollectDiagnostics(), found => found.Code == DiagnosticCode.TranslationFailed);
        Assert.Equal(("bad", DiagnosticEffect.RouteUnavailable), (diagnostic.Subject.Name.Name, diagnostic.Effect));
        Assert.DoesNotContain("hunter2", diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_Ingress_that_fails_elsewhere_is_ignored_and_others_are_unchanged()
    {
        var translation = Translate(context => context.Ingress.Name == "bad" ? [new Incomparable()] : []);

        Assert.Equal(["good.example.com"], translation.Table.Hosts.Keys);
        var diagnostic = Assert.Single(translation.CollectDiagnostics(), found => found.Code == DiagnosticCode.TranslationFailed);
        Assert.Equal(("bad", DiagnosticEffect.ObjectIgnored), (diagnostic.Subject.Name.Name, diagnostic.Effect));
    }

    private static Routing.Translation.Translation Translate(Func<PolicyContext, IEnumerable<RoutePolicy>> read)
    {
        var ingresses = ((string[])["bad", "good"]).Select(name => new V1Ingress
        {
            Metadata = new() { Name = name },
            Spec = new()
            {
                Rules =
                [
                    new()
                    {
                        Host = $"{name}.example.com",
                        Http = new() { Paths = [new() { Path = "/", PathType = "Prefix", Backend = new() { Service = new() { Name = "app", Port = new() { Number = 80 } } } }] },
                    },
                ],
            },
        }).ToDictionary(ingress => ingress.ResourceName);
        var settings = new TranslationSettings { WatchIngressWithoutClass = true, Catalog = new FeatureCatalog([.. RouteFeatures.All, new RouteFeature("Failing", [], read)]) };
        return RoutingTableTranslator.Translate(ClusterSnapshot.Empty with { Ingresses = ClusterSnapshot.Empty.Ingresses.AddRange(ingresses) }, settings);
    }

    private sealed record Incomparable : RoutePolicy
    {
        public bool Equals(Incomparable? other) => throw new InvalidOperationException("compared");

        public override int GetHashCode() => throw new InvalidOperationException("compared");
    }
}
