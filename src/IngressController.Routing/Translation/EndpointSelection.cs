using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;
using k8s.Models;
using static IngressController.Routing.Values.DiagnosticText;

namespace IngressController.Routing.Translation;

/// <summary>Selects the endpoints of a Service that take the traffic of one of its ports.</summary>
internal static class EndpointSelection
{
    /// <summary>The endpoints without duplicates, in order of address and port.</summary>
    public static ImmutableArray<Endpoint> Select(
        V1Service service, V1ServicePort port, ImmutableArray<V1EndpointSlice> slices, List<BackendProblem> problems)
    {
        var ready = new SortedSet<Endpoint>();
        var draining = new SortedSet<Endpoint>();
        var publishNotReady = service.Spec?.PublishNotReadyAddresses == true;
        foreach (var slice in slices)
        {
            if (PortOf(slice, port, problems) is not { } number)
                continue;
            foreach (var endpoint in slice.Endpoints ?? [])
            {
                var conditions = endpoint?.Conditions;
                var isReady = publishNotReady || conditions?.Ready != false;
                // kube-proxy's rule (KEP-1669): terminating Pods that still serve are used when no other endpoint is ready.
                var isDraining = conditions?.Serving == true && conditions.Terminating == true;
                if (isReady || isDraining)
                    AddAddresses(slice, endpoint, number, isReady ? ready : draining, problems);
            }
        }

        var usable = ready.Count > 0 ? ready : draining;
        return OfPreferredFamily(usable, service.Spec?.IpFamilies);
    }

    /// <summary>The port number of a slice for the Service's port; slices name ports as the Service does.</summary>
    private static int? PortOf(V1EndpointSlice slice, V1ServicePort port, List<BackendProblem> problems)
    {
        var found = slice.Ports?.FirstOrDefault(candidate =>
            candidate is not null && ServicePorts.IsTcp(candidate.Protocol) && (candidate.Name ?? "") == (port.Name ?? ""));
        if (found?.Port is null or (> 0 and <= 65535))
            return found?.Port;
        problems.Add(new(DiagnosticCode.EndpointAddressInvalid, "port",
            $"EndpointSlice {slice.ResourceName} has port {found.Port}, which is not between 1 and 65535"));
        return null;
    }

    private static void AddAddresses(
        V1EndpointSlice slice, V1Endpoint? endpoint, int port, SortedSet<Endpoint> into, List<BackendProblem> problems)
    {
        // discovery/v1: consumers use the first address of an endpoint only.
        if (endpoint?.Addresses?.FirstOrDefault() is not { } text)
            return;
        if (slice.AddressType != "FQDN" && IPAddress.TryParse(text, out var address))
        {
            into.Add(new Endpoint(address.ToString(), port));
            return;
        }

        problems.Add(new(DiagnosticCode.EndpointAddressInvalid, "name",
            $"EndpointSlice {slice.ResourceName} has address \"{Shorten(text)}\" of type {Shorten(slice.AddressType)}; only IP addresses are used"));
    }

    /// <summary>
    /// A dual-stack Service lists each Pod once per family. Only the Service's first family takes traffic, so that balancing stays even;
    /// the other one when the first has no endpoint.
    /// </summary>
    private static ImmutableArray<Endpoint> OfPreferredFamily(SortedSet<Endpoint> endpoints, IList<string>? families)
    {
        foreach (var family in families ?? [])
        {
            var wanted = family == "IPv6" ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
            var ofFamily = endpoints.Where(endpoint => IPAddress.Parse(endpoint.Address).AddressFamily == wanted).ToImmutableArray();
            if (ofFamily.Length > 0)
                return ofFamily;
        }

        return [.. endpoints];
    }
}
