using IngressController.Routing.Cluster;
using IngressController.Routing.Features.Headers;
using IngressController.Routing.Tests.Golden;
using IngressController.Routing.Translation;

namespace IngressController.Routing.Tests.Translation;

/// <summary>The ConfigMaps that settings name: a source reads only the objects that translation looks up.</summary>
public sealed class OperatorConfigMapTests
{
    private static GoldenCase Case(params string[] maps) =>
        GoldenCase.Parse("operator-maps", [$"# settings: configMap=ingress/settings\n{string.Join("---\n", maps)}"]);

    private static string Map(string name, string data) => $$"""
        apiVersion: v1
        kind: ConfigMap
        metadata: {namespace: {{(name == "settings" ? "ingress" : "ops")}}, name: {{name}} }
        data: { {{data}} }

        """;

    [Fact]
    public void ConfigMaps_that_settings_name_are_referenced_even_if_they_do_not_exist()
    {
        var translation = Case(Map("settings", "proxy-set-headers: ops/request, add-headers: ops/response"), Map("response", "X-A: '1'")).Translate();
        Assert.Equal(
            [new ResourceName("ingress", "settings"), new ResourceName("ops", "request"), new ResourceName("ops", "response")],
            translation.References.ConfigMaps.Order());
        Assert.Equal([new HeaderField("X-A", ValueTemplate.Literal("1"))], translation.Global.Get<HeaderSettings>().ResponseHeaders);
    }

    [Fact]
    public void ConfigMaps_that_settings_name_are_followed_while_they_are_named()
    {
        var golden = Case(Map("settings", "add-headers: ops/response"));
        var cluster = golden.BuildCluster();
        var before = RoutingTableTranslator.Translate(cluster.Snapshot, golden.Settings);
        Assert.Empty(before.Global.Get<HeaderSettings>().ResponseHeaders);

        var there = Step(before, Map("response", "X-A: '1'"));
        Assert.Equal([new HeaderField("X-A", ValueTemplate.Literal("1"))], there.Global.Get<HeaderSettings>().ResponseHeaders);
        var changed = Step(there, Map("response", "X-A: '2'"));
        Assert.Equal([new HeaderField("X-A", ValueTemplate.Literal("2"))], changed.Global.Get<HeaderSettings>().ResponseHeaders);
        var forgotten = Step(changed, Map("settings", ""));
        Assert.Empty(forgotten.Global.Get<HeaderSettings>().ResponseHeaders);
        Assert.Equal([new ResourceName("ingress", "settings")], forgotten.References.ConfigMaps);

        IngressController.Routing.Translation.Translation Step(IngressController.Routing.Translation.Translation previous, string map)
        {
            var changes = new ClusterChanges();
            foreach (var document in Case(map).AllDocuments.Where(document => GoldenCase.IsKind(document, "ConfigMap")))
            {
                cluster.Apply(document);
                changes.ConfigMaps.Add(new ResourceName((string)document["metadata"]!["namespace"]!, GoldenCase.NameOf(document)));
            }

            return RoutingTableTranslator.Translate(previous, cluster.Snapshot, changes);
        }
    }
}
