using System.Buffers.Binary;
using System.Buffers.Text;
using IngressController.Upstream.Balancing;
using Yarp.ReverseProxy.Model;

namespace IngressController.Features.SessionAffinity;

/// <summary>
/// affinity-mode balanced: a value names one of many slots, and slots are spread over the endpoints by a consistent hash. A new endpoint takes
/// over its share of the slots, and with them of the sessions; the slots of an endpoint that is gone are spread over the others.
/// </summary>
internal sealed class BalancedSessions(SessionKey key, ResourceName service) : SessionTable
{
    /// <summary>The number of slots. More than the endpoints of nearly all Services, and few enough for 20 KiB a cluster.</summary>
    internal const int Slots = 1024;

    private const int TagLength = sizeof(ulong);

    private const int TagsPerHash = 4;

    /// <summary>The tags of the slots, which prove a value; 0 for those that are not computed yet.</summary>
    private readonly ulong[] _tags = new ulong[Slots];

    private volatile Owners _owners = new([], []);

    public override void Apply(IReadOnlyList<DestinationState> endpoints)
    {
        if (endpoints.Count == 0)
        {
            _owners = new([], []);
            return;
        }

        var ring = new HashRing(endpoints);
        var owners = new DestinationState[Slots];
        for (var slot = 0; slot < Slots; slot++)
            owners[slot] = ring.Find(HashRing.Mix((ulong)slot));
        GiveEachOne(owners, endpoints);
        var slots = Enumerable.Range(0, Slots).GroupBy(slot => owners[slot], slot => (ushort)slot);
        _owners = new(owners, slots.ToDictionary(group => group.Key, group => group.ToArray()));
    }

    public override DestinationState? Find(ReadOnlySpan<char> value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort) + TagLength];
        if (!TryDecode(value, bytes))
            return null;
        var slot = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        var owners = _owners.OfSlots;
        return slot < owners.Length && TagOf(slot) == BinaryPrimitives.ReadUInt64BigEndian(bytes[sizeof(ushort)..]) ? owners[slot] : null;
    }

    public override string? ValueFor(DestinationState endpoint)
    {
        if (!_owners.Slots.TryGetValue(endpoint, out var slots))
            return null;
        var slot = slots[Random.Shared.Next(slots.Length)];
        Span<byte> bytes = stackalloc byte[sizeof(ushort) + TagLength];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, slot);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[sizeof(ushort)..], TagOf(slot));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>
    /// With very many endpoints some own no slot by their hash, and would get no session. They take one from an endpoint with several, chosen
    /// by the endpoints alone, so that all replicas agree.
    /// </summary>
    private static void GiveEachOne(DestinationState[] owners, IReadOnlyList<DestinationState> endpoints)
    {
        var counts = owners.CountBy(owner => owner).ToDictionary();
        if (counts.Count == Math.Min(endpoints.Count, Slots))
            return;
        foreach (var endpoint in endpoints.Where(endpoint => !counts.ContainsKey(endpoint)).Take(Slots - counts.Count).ToArray())
        {
            var slot = (int)(HashRing.HashOf(endpoint.DestinationId) % Slots);
            while (counts[owners[slot]] == 1)
                slot = (slot + 1) % Slots;
            counts[owners[slot]]--;
            counts[endpoint] = 1;
            owners[slot] = endpoint;
        }
    }

    /// <summary>The tag of a slot. Computed once; two requests that do so at the same time compute the same.</summary>
    private ulong TagOf(ushort slot)
    {
        if (Volatile.Read(ref _tags[slot]) is not 0 and var tag)
            return tag;
        var first = slot - (slot % TagsPerHash);
        Span<byte> hash = stackalloc byte[TagsPerHash * TagLength];
        key.Hash($"slots\n{service}\n{first}", hash);
        for (var i = 0; i < TagsPerHash; i++)
            Volatile.Write(ref _tags[first + i], BinaryPrimitives.ReadUInt64BigEndian(hash[(i * TagLength)..]));
        return _tags[slot];
    }

    /// <param name="OfSlots">The endpoint of each slot; empty if there is none.</param>
    /// <param name="Slots">The slots of each endpoint.</param>
    private sealed record Owners(DestinationState[] OfSlots, Dictionary<DestinationState, ushort[]> Slots);
}
