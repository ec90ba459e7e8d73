using System.Collections.Immutable;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>How many Pods a Service has that are ready.</summary>
internal static class ReplicaCount
{
    /// <returns>At least 1: whoever asks runs, whether its own readiness has been noted yet or not.</returns>
    public static int Of(ImmutableArray<V1EndpointSlice> slices)
    {
        // A dual-stack Service lists each Pod once per family, so the families are counted apart.
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
