using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests.Charts;

namespace IngressController.ClusterTests.Charts;

/// <summary>
/// An API server that may be older than the chart requires. Fields that it does not have are removed from an object or get their older
/// name, so that the rest is checked; a server that has all of them checks the rendering unchanged.
/// </summary>
internal sealed class ChartServer(ApiCapabilities capabilities)
{
    /// <summary>Kinds with the same fields, as far as the chart sets them, in an older version.</summary>
    private static readonly (string Version, string Older)[] OlderVersions = [("policy/v1", "policy/v1beta1"), ("autoscaling/v2", "autoscaling/v2beta2")];

    /// <summary>Fields of Kubernetes 1.21 and later, and the field that is removed if they are unknown.</summary>
    private static readonly (string Kind, string Field, string Removed)[] NewerFields =
    [
        ("Service", "spec.internalTrafficPolicy", "spec.internalTrafficPolicy"),
        ("Service", "spec.loadBalancerClass", "spec.loadBalancerClass"),
        ("Service", "spec.allocateLoadBalancerNodePorts", "spec.allocateLoadBalancerNodePorts"),
        // Without a surge, a maxUnavailable of 0 is rejected.
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
            Remove(item, kind, field.Removed);
        foreach (var field in FamilyFields.Where(_ => kind == "Service" && !capabilities.IsDualStack))
            Remove(item, kind, field);
    }

    /// <summary>Returns a line about the fields that this server cannot check.</summary>
    public string Report() => _unchecked.Count == 0
        ? $"API server {capabilities.Version}: everything is checked as rendered"
        : $"API server {capabilities.Version} does not have and does not check: {string.Join(", ", _unchecked)}";

    private void Remove(JsonObject item, string kind, string field)
    {
        var steps = field.Split('.');
        if (steps[..^1].Aggregate((JsonNode?)item, (node, step) => node?[step])?.AsObject().Remove(steps[^1]) is true)
            _unchecked.Add($"{kind} {field}");
    }
}
