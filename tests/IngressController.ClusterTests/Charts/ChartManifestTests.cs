using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests;
using IngressController.Tests.Charts;

namespace IngressController.ClusterTests.Charts;

/// <summary>The API server takes what the chart renders: every field exists and every value is one it allows.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ChartManifestTests(ClusterFixture cluster)
{
    private const string ServiceMonitors = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: servicemonitors.monitoring.coreos.com}
        spec:
          group: monitoring.coreos.com
          names: {kind: ServiceMonitor, listKind: ServiceMonitorList, plural: servicemonitors, singular: servicemonitor}
          scope: Namespaced
          versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true} } }]
        """;

    /// <summary>Fields that came with Kubernetes 1.21 and later, which an older server does not know.</summary>
    private static readonly string[][] NewerFields =
    [
        ["Service", "spec", "internalTrafficPolicy"], ["Service", "spec", "loadBalancerClass"], ["Service", "spec", "allocateLoadBalancerNodePorts"],
        ["Service", "spec", "ipFamilyPolicy"], ["Service", "spec", "ipFamilies"], ["DaemonSet", "spec", "updateStrategy", "rollingUpdate"],
    ];

    [ClusterFact]
    public async Task It_accepts_every_rendering()
    {
        await cluster.Client.ApplyAsync(ServiceMonitors);
        await Wait.UntilAsync(() => cluster.Client.ExistsAsync("/apis/monitoring.coreos.com/v1/servicemonitors"), "ServiceMonitors are served");
        var isOld = !await cluster.Client.ExistsAsync("/apis/autoscaling/v2");
        var refusals = new List<string>();
        foreach (var name in ChartCase.Names)
            await AcceptsAsync(name, new ChartCase(name).Objects, isOld, refusals);
        Assert.True(refusals.Count == 0, string.Join("\n", refusals));
    }

    [ClusterFact]
    public async Task It_accepts_the_plain_manifests_and_the_demo_application()
    {
        var isOld = !await cluster.Client.ExistsAsync("/apis/autoscaling/v2");
        var refusals = new List<string>();
        foreach (string[] file in (string[][])[["base", "namespace.yaml"], ["base", "yarp-ingress.yaml"], ["demo", "app.yaml"]])
            await AcceptsAsync(file[^1], ChartCase.Parse(RepositoryFile.Read(["deploy", .. file])), isOld, refusals);
        Assert.True(refusals.Count == 0, string.Join("\n", refusals));
    }

    /// <summary>A check of the check: a field that does not exist is not passed over.</summary>
    [ClusterFact]
    public async Task It_refuses_a_field_that_does_not_exist()
    {
        var deployment = new ChartCase("default").Workload;
        deployment["spec"]!["template"]!["spec"]!["toleration"] = new JsonArray();
        var refusals = new List<string>();
        await AcceptsAsync("broken", [deployment], isOld: true, refusals);
        Assert.Contains("toleration", Assert.Single(refusals), StringComparison.Ordinal);
    }

    private async Task AcceptsAsync(string source, IEnumerable<JsonObject> objects, bool isOld, List<string> refusals)
    {
        foreach (var item in objects)
        {
            if (isOld)
                MakeOld(item);
            try
            {
                if ((string?)item["metadata"]!["namespace"] is { } ns)
                    await cluster.Client.ApplyAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: \"{ns}\"}}}}");
                await cluster.Client.ApplyAsync(item, dryRun: true);
            }
            catch (HttpRequestException error)
            {
                refusals.Add($"{source}: {ChartCase.Kind(item)} {ChartCase.NameOf(item)}: {error.Message}");
            }
        }
    }

    /// <summary>What the same object is called where the API is older than the chart asks for.</summary>
    private static void MakeOld(JsonObject item)
    {
        item["apiVersion"] = ChartCase.Text(item["apiVersion"]) switch
        {
            "policy/v1" => "policy/v1beta1",
            "autoscaling/v2" => "autoscaling/v2beta2",
            var version => version,
        };
        foreach (var field in NewerFields.Where(field => field[0] == ChartCase.Kind(item)))
            field[1..^1].Aggregate((JsonNode?)item, (node, step) => node?[step])?.AsObject().Remove(field[^1]);
    }
}
