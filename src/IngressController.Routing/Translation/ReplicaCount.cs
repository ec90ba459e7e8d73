using System.Collections.Immutable;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>Counts the ready Pods of a Service.</summary>
internal static class ReplicaCount
{
    /// <returns>At least 1: this replica runs, even if its readiness is not yet recorded.</returns>
    public static int Of(ImmutableArray<V1EndpointSlice> slices)
    {
        // A dual-stack Service lists each Pod once per family, so families are counted apart.
        var addresses = slices.GroupBy(slice => slice.AddressType, StringComparer.Ordinal)
            .Select(family => family.SelectMany(ReadyAddresses).Distinct(StringComparer.Ordinal).Count());
        return Math.Max(1, addresses.DefaultIfEmpty().Max());
    }

    private static IEnumerable<string> ReadyAddresses(V1EndpointSlice slice) =>
        from endpoint in slice.ReadyEndpoints
        let address = endpoint.Addresses?.FirstOrDefault()
        where address is not null
        select address;
}
