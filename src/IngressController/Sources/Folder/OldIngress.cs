using System.Globalization;
using System.Text.Json.Nodes;

namespace IngressController.Sources.Folder;

/// <summary>
/// Says what to write in an Ingress of extensions/v1beta1 or networking.k8s.io/v1beta1 so that it is one of networking.k8s.io/v1.
/// </summary>
internal static class OldIngress
{
    /// <summary>The meaning of a missing pathType in the old versions.</summary>
    public const string DefaultPathType = "ImplementationSpecific";

    /// <summary>Returns the fields to change, each with its new text.</summary>
    public static IEnumerable<(string Field, string Message)> Problems(ManifestKind kind, JsonObject root)
    {
        if (kind.Name != "Ingress" || root["spec"] is not JsonObject spec)
            yield break;
        if (spec["backend"] is JsonObject backend)
            yield return ("spec.backend", $"is called defaultBackend in {kind.ApiVersion}; write defaultBackend: {NewBackend(backend)}");
        var rules = spec["rules"] as JsonArray ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            var paths = (rules[i] as JsonObject)?["http"] is JsonObject http ? http["paths"] as JsonArray ?? [] : [];
            for (var j = 0; j < paths.Count; j++)
            {
                if (paths[j] is not JsonObject path)
                    continue;
                var field = $"spec.rules[{i}].http.paths[{j}]";
                if (path["pathType"] is null)
                    yield return ($"{field}.pathType", $"is required in {kind.ApiVersion}; write pathType: {DefaultPathType}, which is what the old version means, or Prefix or Exact");
                if (path["backend"] is JsonObject old && (old.ContainsKey("serviceName") || old.ContainsKey("servicePort")))
                    yield return ($"{field}.backend", $"has serviceName and servicePort, which {kind.ApiVersion} does not have; write backend: {NewBackend(old)}");
            }
        }
    }

    /// <summary>Returns the port as a number or a name: the old field held either.</summary>
    public static string NewPort(string port) => int.TryParse(port, CultureInfo.InvariantCulture, out _) ? $"number: {port}" : $"name: {port}";

    private static string NewBackend(JsonObject backend) =>
        backend["resource"] is { } resource && !backend.ContainsKey("serviceName")
            ? $"{{resource: {resource.ToJsonString()}}}"
            : $"{{service: {{name: {backend["serviceName"]?.ToString() ?? "NAME"}, port: {{{NewPort(backend["servicePort"]?.ToString() ?? "PORT")}}}}}}}";
}
