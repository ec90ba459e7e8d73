using System.Collections.Immutable;
using k8s.Models;

namespace IngressController.Routing.Cluster;

/// <summary>EndpointSlices by Service, ordered by name. Immutable.</summary>
public sealed class EndpointIndex
{
    public static EndpointIndex Empty { get; } = new(
        ImmutableDictionary<ResourceName, ImmutableArray<V1EndpointSlice>>.Empty, ImmutableDictionary<ResourceName, ResourceName>.Empty);

    private readonly ImmutableDictionary<ResourceName, ImmutableArray<V1EndpointSlice>> _byService;
    private readonly ImmutableDictionary<ResourceName, ResourceName> _serviceOfSlice;

    private EndpointIndex(
        ImmutableDictionary<ResourceName, ImmutableArray<V1EndpointSlice>> byService,
        ImmutableDictionary<ResourceName, ResourceName> serviceOfSlice)
    {
        _byService = byService;
        _serviceOfSlice = serviceOfSlice;
    }

    public IEnumerable<ResourceName> SliceNames => _serviceOfSlice.Keys;

    public IEnumerable<ResourceName> ServiceNames => _byService.Keys;

    public ImmutableArray<V1EndpointSlice> Of(ResourceName service) => _byService.GetValueOrDefault(service, []);

    /// <summary>The Service of an indexed slice; null if the slice is not in the index.</summary>
    public ResourceName? ServiceOf(ResourceName slice) => _serviceOfSlice.TryGetValue(slice, out var service) ? service : null;

    /// <summary>Adds a slice or replaces the one of its name. A slice without the Service label is ignored: nothing could use it.</summary>
    public EndpointIndex Set(V1EndpointSlice slice)
    {
        var name = slice.ResourceName;
        var service = slice.ServiceName;
        var without = ServiceOf(name) is { } old && old != service ? Remove(name) : this;
        if (service is not { } owner)
            return without;

        var slices = without.Of(owner);
        var position = IndexOf(slices, name.Name);
        slices = position >= 0 ? slices.SetItem(position, slice) : slices.Insert(~position, slice);
        return new(without._byService.SetItem(owner, slices), without._serviceOfSlice.SetItem(name, owner));
    }

    public EndpointIndex Remove(ResourceName slice)
    {
        if (ServiceOf(slice) is not { } owner)
            return this;

        var slices = Of(owner);
        var left = slices.RemoveAt(IndexOf(slices, slice.Name));
        return new(left.IsEmpty ? _byService.Remove(owner) : _byService.SetItem(owner, left), _serviceOfSlice.Remove(slice));
    }

    private static int IndexOf(ImmutableArray<V1EndpointSlice> slices, string name)
    {
        for (var i = 0; i < slices.Length; i++)
        {
            var order = string.CompareOrdinal(slices[i].ResourceName.Name, name);
            if (order >= 0)
                return order == 0 ? i : ~i;
        }

        return ~slices.Length;
    }
}
