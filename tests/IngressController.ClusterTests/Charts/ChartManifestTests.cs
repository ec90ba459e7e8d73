using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests;
using IngressController.Tests.Charts;
using Xunit.Abstractions;

namespace IngressController.ClusterTests.Charts;

/// <summary>
/// The API server accepts the renderings of the chart: every field exists, every value is valid, and none causes a warning.
/// </summary>
[Collection(ClusterCollection.Name)]
public sealed class ChartManifestTests(ClusterFixture cluster, ITestOutputHelper output)
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

    /// <summary>A warning about a value that the chart offers with the same note.</summary>
    private const string KnownWarning = "spec.externalIPs is deprecated";

    [ClusterFact]
    public async Task The_API_server_accepts_every_rendering()
    {
        await cluster.Client.ApplyAsync(ServiceMonitors);
        await Wait.UntilAsync(() => cluster.Client.ExistsAsync("/apis/monitoring.coreos.com/v1/servicemonitors"), "ServiceMonitors are served");
        var server = new ChartServer(cluster.Capabilities);
        var findings = new List<string>();
        foreach (var name in ChartCase.Names)
            await AcceptsAsync(name, new ChartCase(name).Objects, server, findings);
        output.WriteLine(server.Report());
        Assert.True(findings.Count == 0, string.Join("\n", findings));
    }

    [ClusterFact]
    public async Task The_API_server_accepts_the_plain_manifests_and_the_demo_application()
    {
        var server = new ChartServer(cluster.Capabilities);
        var findings = new List<string>();
        foreach (string[] file in (string[][])[["base", "namespace.yaml"], ["base", "yarp-ingress.yaml"], ["demo", "app.yaml"]])
            await AcceptsAsync(file[^1], ChartCase.Parse(RepositoryFile.Read(["deploy", .. file])), server, findings);
        output.WriteLine(server.Report());
        Assert.True(findings.Count == 0, string.Join("\n", findings));
    }

    /// <summary>Verifies the check: an unknown field is not ignored.</summary>
    [ClusterFact]
    public async Task The_API_server_rejects_an_unknown_field()
    {
        var deployment = new ChartCase("default").Workload;
        deployment["spec"]!["template"]!["spec"]!["toleration"] = new JsonArray();
        var findings = new List<string>();
        await AcceptsAsync("broken", [deployment], new ChartServer(cluster.Capabilities), findings);
        Assert.Contains("toleration", Assert.Single(findings), StringComparison.Ordinal);
    }

    private async Task AcceptsAsync(string source, IEnumerable<JsonObject> objects, ChartServer server, List<string> findings)
    {
        foreach (var item in objects)
        {
            server.Adapt(item);
            try
            {
                if ((string?)item["metadata"]!["namespace"] is { } ns)
                    await cluster.Client.ApplyAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: \"{ns}\"}}}}");
                foreach (var warning in await cluster.Client.ApplyAsync(item, dryRun: true))
                    Add(item, warning);
            }
            catch (HttpRequestException error)
            {
                Add(item, error.Message);
            }
        }

        void Add(JsonObject item, string finding)
        {
            if (!finding.StartsWith(KnownWarning, StringComparison.Ordinal))
                findings.Add($"{source}: {ChartCase.Kind(item)} {ChartCase.NameOf(item)}: {finding}");
        }
    }
}
