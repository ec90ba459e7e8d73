using System.Globalization;
using k8s.Models;

namespace IngressController.Kubernetes.Validation;

/// <summary>The rules of Services, for the fields that are decoded.</summary>
internal static class ServiceRules
{
    private const string Headless = "None";

    public static void Check(V1Service service, Violations violations)
    {
        var spec = service.Spec ?? new V1ServiceSpec();
        var type = spec.Type is { Length: > 0 } named ? named : "ClusterIP";
        if (type is not ("ClusterIP" or "NodePort" or "LoadBalancer" or "ExternalName"))
            violations.Add("spec.type", $"{ApiNames.Quote(type)} is not one of ClusterIP, NodePort, LoadBalancer, ExternalName");
        if (type == "ExternalName")
            CheckExternalName(spec.ExternalName, violations);
        CheckClusterAddress(spec, type, violations);
        CheckPorts(spec, type, violations);
        for (var i = 0; i < (spec.ExternalIPs?.Count ?? 0); i++)
            CheckAddress(spec.ExternalIPs![i], $"spec.externalIPs[{i}]", violations);
    }

    private static void CheckExternalName(string? name, Violations violations)
    {
        // A final dot marks an absolute name.
        name = name is [.., '.'] ? name[..^1] : name;
        violations.Add("spec.externalName", string.IsNullOrEmpty(name) ? "is missing; a Service of type ExternalName needs it" : ApiNames.Subdomain(name));
    }

    private static void CheckClusterAddress(V1ServiceSpec spec, string type, Violations violations)
    {
        if (spec.ClusterIP is not { Length: > 0 } address)
            return;
        if (type == "ExternalName")
            violations.Add("spec.clusterIP", "may not be set for type ExternalName; remove it");
        else if (address != Headless && !ApiNames.TryParseAddress(address, out _))
            violations.Add("spec.clusterIP", $"{ApiNames.Quote(address)} is neither an IP address nor None");
        else if (address == Headless && type is "NodePort" or "LoadBalancer")
            violations.Add("spec.clusterIP", $"may not be None for type {type}");
    }

    private static void CheckPorts(V1ServiceSpec spec, string type, Violations violations)
    {
        var ports = spec.Ports ?? [];
        if (ports.Count == 0 && type != "ExternalName" && spec.ClusterIP != Headless)
            violations.Add("spec.ports", "has no port; add one");
        var names = new HashSet<string>(StringComparer.Ordinal);
        var numbers = new HashSet<(string, int)>();
        for (var i = 0; i < ports.Count; i++)
        {
            var field = $"spec.ports[{i}]";
            var port = ports[i];
            var protocol = port.Protocol is { Length: > 0 } named ? named : "TCP";
            if (port.Name is { Length: > 0 } name)
                violations.Add($"{field}.name", names.Add(name) ? ApiNames.Label(name) : $"{ApiNames.Quote(name)} is the name of another port, too");
            else if (ports.Count > 1)
                violations.Add($"{field}.name", "is missing; each of several ports needs a name");
            violations.Add($"{field}.port", ApiNames.PortNumber(port.Port));
            violations.Add($"{field}.protocol", Protocol(protocol));
            if (port.AppProtocol is { } application)
                violations.Add($"{field}.appProtocol", ApiNames.QualifiedName(application));
            CheckTargetPort(port, field, violations);
            if (!numbers.Add((protocol, port.Port)))
                violations.Add(field, $"repeats port {port.Port} of {protocol}; remove one");
        }
    }

    /// <summary>An unset target is the port itself.</summary>
    private static void CheckTargetPort(V1ServicePort port, string field, Violations violations)
    {
        if (port.TargetPort?.Value is not { Length: > 0 } target || target == "0")
            return;
        violations.Add($"{field}.targetPort", int.TryParse(target, CultureInfo.InvariantCulture, out var number) ? ApiNames.PortNumber(number) : ApiNames.PortName(target));
    }

    public static string? Protocol(string protocol) =>
        protocol is "TCP" or "UDP" or "SCTP" ? null : $"{ApiNames.Quote(protocol)} is not one of TCP, UDP, SCTP";

    private static void CheckAddress(string? text, string field, Violations violations)
    {
        if (!ApiNames.TryParseAddress(text, out _))
            violations.Add(field, $"{ApiNames.Quote(text ?? "")} is not an IP address");
    }
}
