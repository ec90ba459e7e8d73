using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests.Charts;

namespace IngressController.ClusterTests.Charts;

/// <summary>The objects of a rendering that helm would install, without workloads, because no one creates Pods.</summary>
internal static class ChartInstallation
{
    public static IEnumerable<JsonObject> Of(ChartCase chart) =>
        chart.Objects.Where(item => ChartCase.Kind(item) is not ("Deployment" or "DaemonSet" or "PodDisruptionBudget"));

    /// <summary>Applies an object, after its namespace.</summary>
    public static async Task ApplyAsync(ClusterClient client, JsonObject item)
    {
        if ((string?)item["metadata"]!["namespace"] is { } ns)
            await client.ApplyAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {ns}}}}}");
        await client.ApplyAsync(item);
    }
}
