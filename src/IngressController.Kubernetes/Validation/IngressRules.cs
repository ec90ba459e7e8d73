using System.Globalization;
using k8s.Models;

namespace IngressController.Kubernetes.Validation;

/// <summary>The rules of Ingresses in networking.k8s.io/v1.</summary>
internal static class IngressRules
{
    private const string ClassAnnotation = "kubernetes.io/ingress.class";

    private static readonly string[] InvalidSequences = ["//", "/./", "/../", "%2f", "%2F"];

    private static readonly string[] InvalidEnds = ["/..", "/."];

    public static void Check(V1Ingress ingress, Violations violations)
    {
        var spec = ingress.Spec ?? new V1IngressSpec();
        CheckClass(ingress, spec, violations);
        if (spec.Rules is not { Count: > 0 } && spec.DefaultBackend is null)
            violations.Add("spec", "has neither rules nor a defaultBackend; add one of them");
        if (spec.DefaultBackend is not null)
            CheckBackend(spec.DefaultBackend, "spec.defaultBackend", violations);
        for (var i = 0; i < (spec.Rules?.Count ?? 0); i++)
            CheckRule(spec.Rules![i], $"spec.rules[{i}]", violations);
        for (var i = 0; i < (spec.Tls?.Count ?? 0); i++)
            CheckTls(spec.Tls![i], $"spec.tls[{i}]", violations);
    }

    private static void CheckClass(V1Ingress ingress, V1IngressSpec spec, Violations violations)
    {
        if (spec.IngressClassName is not { } name)
            return;
        violations.Add("spec.ingressClassName", ApiNames.Subdomain(name));
        // Older servers refuse the annotation beside the field even if both name the same class.
        if (ingress.Metadata.Annotations?.TryGetValue(ClassAnnotation, out var annotation) == true && annotation != name)
            violations.Add($"metadata.annotations[{ClassAnnotation}]", $"{ApiNames.Quote(annotation ?? "")} is not the class in spec.ingressClassName; remove the annotation");
    }

    private static void CheckRule(V1IngressRule rule, string field, Violations violations)
    {
        if (rule.Host is { Length: > 0 } host)
            violations.Add($"{field}.host", ApiNames.TryParseAddress(host, out _) ? $"{ApiNames.Quote(host)} must be a DNS name, not an IP address" : Host(host));
        if (rule.Http is not { } http)
            return;
        if (http.Paths is not { Count: > 0 } paths)
        {
            violations.Add($"{field}.http.paths", "has no path; add one");
            return;
        }

        for (var i = 0; i < paths.Count; i++)
            CheckPath(paths[i], $"{field}.http.paths[{i}]", violations);
    }

    private static string? Host(string host) => host.Contains('*', StringComparison.Ordinal) ? ApiNames.WildcardSubdomain(host) : ApiNames.Subdomain(host);

    private static void CheckPath(V1HTTPIngressPath path, string field, Violations violations)
    {
        var text = path.Path ?? "";
        switch (path.PathType)
        {
            case null:
                violations.Add($"{field}.pathType", "is missing; set Exact, Prefix or ImplementationSpecific");
                break;
            case "Exact" or "Prefix":
                if (!text.StartsWith('/'))
                    violations.Add($"{field}.path", NotAbsolute(text));
                foreach (var sequence in InvalidSequences.Where(sequence => text.Contains(sequence, StringComparison.Ordinal)))
                    violations.Add($"{field}.path", $"{ApiNames.Quote(text)} may not contain {sequence}");
                foreach (var end in InvalidEnds.Where(end => text.EndsWith(end, StringComparison.Ordinal)))
                    violations.Add($"{field}.path", $"{ApiNames.Quote(text)} may not end with {end}");
                break;
            case "ImplementationSpecific":
                if (text.Length > 0 && text[0] != '/')
                    violations.Add($"{field}.path", NotAbsolute(text));
                break;
            default:
                violations.Add($"{field}.pathType", $"{ApiNames.Quote(path.PathType)} is not one of Exact, Prefix, ImplementationSpecific");
                break;
        }

        CheckBackend(path.Backend, $"{field}.backend", violations);
    }

    private static string NotAbsolute(string path) => path.Length == 0 ? "is missing; write / for all paths" : $"{ApiNames.Quote(path)} must begin with a slash";

    private static void CheckBackend(V1IngressBackend? backend, string field, Violations violations)
    {
        switch (backend)
        {
            case { Service: not null, Resource: not null }:
                violations.Add(field, "has both a service and a resource; remove one");
                break;
            case { Resource: { } resource }:
                if (resource.ApiGroup is { } group)
                    violations.Add($"{field}.resource.apiGroup", ApiNames.Subdomain(group));
                CheckSegment(resource.Kind, $"{field}.resource.kind", violations);
                CheckSegment(resource.Name, $"{field}.resource.name", violations);
                break;
            case { Service: { } service }:
                violations.Add($"{field}.service.name", string.IsNullOrEmpty(service.Name) ? "is missing; name a Service" : ApiNames.Label(service.Name));
                CheckPort(service.Port, $"{field}.service.port", violations);
                break;
            default:
                violations.Add(field, "has neither a service nor a resource; name a service");
                break;
        }
    }

    private static void CheckPort(V1ServiceBackendPort? port, string field, Violations violations)
    {
        var number = port?.Number ?? 0;
        var name = port?.Name ?? "";
        if (name.Length > 0 && number != 0)
            violations.Add(field, "has both a number and a name; remove one");
        else if (name.Length > 0)
            violations.Add($"{field}.name", int.TryParse(name, CultureInfo.InvariantCulture, out _) ? $"{ApiNames.Quote(name)} is a number: write number: {name}" : ApiNames.PortName(name));
        else if (number != 0)
            violations.Add($"{field}.number", ApiNames.PortNumber(number));
        else
            violations.Add(field, "has neither a number nor a name; set one");
    }

    private static void CheckSegment(string? text, string field, Violations violations)
    {
        if (string.IsNullOrEmpty(text))
            violations.Add(field, "is missing");
        else if (text is "." or ".." || text.AsSpan().ContainsAny('/', '%'))
            violations.Add(field, $"{ApiNames.Quote(text)} may not be . or .., or contain / or %");
    }

    private static void CheckTls(V1IngressTLS tls, string field, Violations violations)
    {
        for (var i = 0; i < (tls.Hosts?.Count ?? 0); i++)
            violations.Add($"{field}.hosts[{i}]", Host(tls.Hosts![i]));
        if (tls.SecretName is { Length: > 0 } secret)
            violations.Add($"{field}.secretName", ApiNames.Subdomain(secret));
    }
}
