using System.Buffers.Binary;
using System.Buffers.Text;
using Yarp.ReverseProxy.Model;

namespace IngressController.Features.SessionAffinity;

/// <summary>affinity-mode persistent: a value names an endpoint, by a hash of its address.</summary>
internal sealed class PersistentSessions(SessionKey key, ResourceName service) : SessionTable
{
    private const int Length = 16;

    private volatile Values _values = new([], []);

    public override void Apply(IReadOnlyList<DestinationState> endpoints)
    {
        var former = _values.OfEndpoints;
        var values = new Values(new(endpoints.Count), new(endpoints.Count));
        Span<byte> hash = stackalloc byte[Length];
        foreach (var endpoint in endpoints)
        {
            if (!former.TryGetValue(endpoint, out var value))
            {
                key.Hash($"endpoint\n{service}\n{endpoint.DestinationId}", hash);
                value = Base64Url.EncodeToString(hash);
            }

            TryDecode(value, hash);
            values.Endpoints[BinaryPrimitives.ReadUInt128BigEndian(hash)] = endpoint;
            values.OfEndpoints[endpoint] = value;
        }

        _values = values;
    }

    public override DestinationState? Find(ReadOnlySpan<char> value)
    {
        Span<byte> hash = stackalloc byte[Length];
        return TryDecode(value, hash) ? _values.Endpoints.GetValueOrDefault(BinaryPrimitives.ReadUInt128BigEndian(hash)) : null;
    }

    public override string? ValueFor(DestinationState endpoint) => _values.OfEndpoints.GetValueOrDefault(endpoint);

    private sealed record Values(Dictionary<UInt128, DestinationState> Endpoints, Dictionary<DestinationState, string> OfEndpoints);
}
