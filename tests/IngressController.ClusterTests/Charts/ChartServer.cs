using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests.Charts;

namespace IngressController.ClusterTests.Charts;

/// <summary>
/// An API server that may be older than the chart asks for. What it does not have is left out of an object or called by its older name, so
/// that the rest is checked; a server that has it all checks what the chart renders, as it stands.
/// </summary>
internal sealed class ChartServer(ApiCapabilities capabilities)
{
    /// <summary>Kinds that had the same fields, as far as the chart sets them, under an older version.</summary>
    private static readonly (string Version, string Older)[] OlderVersions = [("policy/v1", "policy/v1beta1"), ("autoscaling/v2", "autoscaling/v2beta2")];

    /// <summary>Fields that came with Kubernetes 1.21 and later, and what goes with each where it is unknown.</summary>
    private static readonly (string Kind, string Field, string Goes)[] NewerFields =
    [
        ("Service", "spec.internalTrafficPolicy", "spec.internalTrafficPolicy"),
        ("Service", "spec.loadBalancerClass", "spec.loadBalancerClass"),
        ("Service", "spec.allocateLoadBalancerNodePorts", "spec.allocateLoadBalancerNodePorts"),
        // Without a surge, a maxUnavailable of 0 is refused.
        ("DaemonSet", "spec.updateStrategy.rollingUpdate.maxSurge", "spec.updateStrategy.rollingUpdate"),
    ];

    private static readonly string[] FamilyFields = ["spec.ipFamilyPolicy", "spec.ipFamilies"];

    private readonly SortedSet<string> _unchecked = new(StringComparer.Ordinal);

    public void Adapt(JsonObject item)
    {
        var kind = ChartCase.Kind(item);
        var version = ChartCase.Text(item["apiVersion"]);
        if (!capabilities.Serves(version) && OlderVersions.FirstOrDefault(entry => entry.Version == version) is { Older: { } older })
        {
            item["apiVersion"] = older;
            _unchecked.Add($"{version} (as {older})");
        }

        foreach (var field in NewerFields.Where(field => field.Kind == kind && !capabilities.HasField(version, kind, field.Field.Split('.'))))
            Remove(item, kind, field.Goes);
        foreach (var field in FamilyFields.Where(_ => kind == "Service" && !capabilities.IsDualStack))
            Remove(item, kind, field);
    }

    /// <summary>What of the renderings this server could not check.</summary>
    public string Report() => _unchecked.Count == 0
        ? $"API server {capabilities.Version}: everything is checked as it is rendered"
        : $"API server {capabilities.Version} does not have, and so does not check: {string.Join(", ", _unchecked)}";

    private void Remove(JsonObject item, string kind, string field)
    {
        var steps = field.Split('.');
        if (steps[..^1].Aggregate((JsonNode?)item, (node, step) => node?[step])?.AsObject().Remove(steps[^1]) is true)
            _unchecked.Add($"{kind} {field}");
    }
}
