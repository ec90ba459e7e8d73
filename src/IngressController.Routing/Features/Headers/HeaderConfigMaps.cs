using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using k8s.Models;

namespace IngressController.Routing.Features.Headers;

/// <summary>Reads the ConfigMaps that settings name, in any namespace: headers of all requests and all responses.</summary>
/// <param name="find">Looks up a ConfigMap.</param>
/// <param name="subject">The ConfigMap of the settings; null when they come from options alone.</param>
/// <param name="diagnostics">Receives the problems.</param>
internal sealed class HeaderConfigMaps(Func<ResourceName, V1ConfigMap?> find, ResourceName? subject, List<Diagnostic> diagnostics)
{
    public EquatableArray<HeaderField> ReadRequestHeaders(ResourceName? named) => Read("proxy-set-headers", named, HeaderSyntax.OperatorRequestNameProblem);

    public EquatableArray<HeaderField> ReadResponseHeaders(ResourceName? named) => Read("add-headers", named, HeaderSyntax.ResponseNameProblem);

    private EquatableArray<HeaderField> Read(string key, ResourceName? named, Func<string, string?> nameProblem)
    {
        if (named is not { } name)
            return [];
        if (find(name) is not { } configMap)
        {
            diagnostics.Add(DiagnosticCatalog.SettingInvalid(subject ?? name, key, name.ToString(), "does not exist", closes: false, "no headers are set"));
            return [];
        }

        return ReadFields(name, configMap, nameProblem);
    }

    private EquatableArray<HeaderField> ReadFields(ResourceName name, V1ConfigMap configMap, Func<string, string?> nameProblem)
    {
        var fields = new List<HeaderField>();
        foreach (var (header, text) in configMap.SortedData)
        {
            var problem = nameProblem(header) is { } wrong ? $"cannot be a header: {header} {wrong}" : "";
            if (problem.Length == 0 && HeaderSyntax.ReadValue(text?.Trim() ?? "", out problem) is { } value)
                fields.Add(new HeaderField(header, value));
            else
                diagnostics.Add(DiagnosticCatalog.SettingInvalid(name, header, value: null, problem, closes: false, "the entry is ignored"));
        }

        return [.. fields];
    }
}
