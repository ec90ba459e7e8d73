using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Features.Headers;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Settings;

/// <summary>The ConfigMaps that settings name: headers for all requests and all responses. They may be in any namespace.</summary>
internal static class OperatorConfigMaps
{
    public static IEnumerable<ResourceName> Of(GlobalSettings settings)
    {
        if (settings.Headers.ProxySetHeaders is { } request)
            yield return request;
        if (settings.Headers.AddHeaders is { } response)
            yield return response;
    }

    /// <summary>Reads the ConfigMaps that settings name into them.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="find">Looks a ConfigMap up.</param>
    /// <param name="subject">The ConfigMap of the settings; null when they come from options alone.</param>
    /// <param name="diagnostics">Where problems go.</param>
    public static GlobalSettings Resolve(
        GlobalSettings settings, Func<ResourceName, V1ConfigMap?> find, ResourceName? subject, List<Diagnostic> diagnostics)
    {
        var headers = settings.Headers;
        return settings with
        {
            Headers = headers with
            {
                RequestHeaders = Read("proxy-set-headers", headers.ProxySetHeaders, RequestProblem),
                ResponseHeaders = Read("add-headers", headers.AddHeaders, ResponseProblem),
            },
        };

        EquatableArray<HeaderField> Read(string key, ResourceName? named, Func<string, string, string?> problemOf)
        {
            if (named is not { } name)
                return [];
            if (find(name) is not { } configMap)
            {
                diagnostics.Add(DiagnosticCatalog.SettingInvalid(subject ?? name, key, name.ToString(), "does not exist", closes: false, "no headers are set"));
                return [];
            }

            return ReadFields(name, configMap, problemOf, diagnostics);
        }
    }

    private static EquatableArray<HeaderField> ReadFields(
        ResourceName name, V1ConfigMap configMap, Func<string, string, string?> problemOf, List<Diagnostic> diagnostics)
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
