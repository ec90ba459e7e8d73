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
    public EquatableArray<HeaderField> ReadRequestHeaders(ResourceName? named) => Read("proxy-set-headers", named, RequestProblem);

    public EquatableArray<HeaderField> ReadResponseHeaders(ResourceName? named) => Read("add-headers", named, ResponseProblem);

    private EquatableArray<HeaderField> Read(string key, ResourceName? named, Func<string, string, string?> problemOf)
    {
        if (named is not { } name)
            return [];
        if (find(name) is not { } configMap)
        {
            diagnostics.Add(DiagnosticCatalog.SettingInvalid(subject ?? name, key, name.ToString(), "does not exist", closes: false, "no headers are set"));
            return [];
        }

        return ReadFields(name, configMap, problemOf);
    }

    private EquatableArray<HeaderField> ReadFields(ResourceName name, V1ConfigMap configMap, Func<string, string, string?> problemOf)
    {
        var fields = new List<HeaderField>();
        foreach (var (header, text) in configMap.SortedData)
        {
            var value = text?.Trim() ?? "";
            if (problemOf(header, value) is { } problem)
                diagnostics.Add(DiagnosticCatalog.SettingInvalid(name, header, value: null, problem, closes: false, "the entry is ignored"));
            else
                fields.Add(new HeaderField(header, value));
        }

        return [.. fields];
    }

    private static string? RequestProblem(string name, string value) =>
        HeaderSyntax.OperatorRequestNameProblem(name) is { } problem ? $"cannot be a header: {name} {problem}"
        : value.Contains('$') ? "contains $: variables are not supported"
        : HeaderSyntax.ValueProblem(value);

    private static string? ResponseProblem(string name, string value) =>
        HeaderSyntax.ResponseNameProblem(name) is { } problem ? $"cannot be a header: {name} {problem}"
        : HeaderSyntax.ValueProblem(value);
}
