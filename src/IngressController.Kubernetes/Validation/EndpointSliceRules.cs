using System.Net.Sockets;
using k8s.Models;

namespace IngressController.Kubernetes.Validation;

/// <summary>
/// The rules of EndpointSlices, for the fields that are decoded. Addresses of the loopback interface are valid here: manifests without a
/// cluster name backends of the same machine.
/// </summary>
internal static class EndpointSliceRules
{
    private const int MaxEndpoints = 1000;
    private const int MaxAddresses = 100;

    public static void Check(V1EndpointSlice slice, Violations violations)
    {
        if (string.IsNullOrEmpty(slice.AddressType))
            violations.Add("addressType", "is missing; set IPv4, IPv6 or FQDN");
        else if (slice.AddressType is not ("IPv4" or "IPv6" or "FQDN"))
            violations.Add("addressType", $"{ApiNames.Quote(slice.AddressType)} is not one of IPv4, IPv6, FQDN");
        else
            CheckEndpoints(slice, violations);
        CheckPorts(slice.Ports ?? [], violations);
    }

    private static void CheckEndpoints(V1EndpointSlice slice, Violations violations)
    {
        var endpoints = slice.Endpoints ?? [];
        if (endpoints.Count > MaxEndpoints)
            violations.Add("endpoints", $"has more than {MaxEndpoints} items");
        for (var i = 0; i < endpoints.Count; i++)
        {
            var addresses = endpoints[i].Addresses ?? [];
            if (addresses.Count is 0 or > MaxAddresses)
                violations.Add($"endpoints[{i}].addresses", addresses.Count == 0 ? "has no address; add one" : $"has more than {MaxAddresses} items");
            for (var j = 0; j < addresses.Count; j++)
                violations.Add($"endpoints[{i}].addresses[{j}]", Address(addresses[j], slice.AddressType));
        }
    }

    private static string? Address(string text, string type)
    {
        if (type == "FQDN")
            return ApiNames.Subdomain(text) ?? (text.Contains('.', StringComparison.Ordinal) ? null : $"{ApiNames.Quote(text)} must have at least two labels");
        var family = type == "IPv4" ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        if (!ApiNames.TryParseAddress(text, out var address) || address.AddressFamily != family)
            return $"{ApiNames.Quote(text)} is not an {type} address";
        if (address.GetAddressBytes().All(part => part == 0))
            return $"{ApiNames.Quote(text)} is the unspecified address";
        return address.IsIPv6LinkLocal || (family == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..])
            ? $"{ApiNames.Quote(text)} is a link-local address"
            : null;
    }

    private static void CheckPorts(IList<Discoveryv1EndpointPort> ports, Violations violations)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            var port = ports[i];
            var name = port.Name ?? "";
            if (!names.Add(name))
                violations.Add($"ports[{i}].name", name.Length == 0 ? "is missing; each of several ports needs a name" : $"{ApiNames.Quote(name)} is the name of another port, too");
            else if (name.Length > 0)
                violations.Add($"ports[{i}].name", ApiNames.Label(name));
            if (port.Protocol is { Length: > 0 } protocol)
                violations.Add($"ports[{i}].protocol", ServiceRules.Protocol(protocol));
            if (port.AppProtocol is { } application)
                violations.Add($"ports[{i}].appProtocol", ApiNames.QualifiedName(application));
        }
    }
}
