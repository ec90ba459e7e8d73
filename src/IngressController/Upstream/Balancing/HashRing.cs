using System.IO.Hashing;
using System.Runtime.InteropServices;
using Yarp.ReverseProxy.Model;

namespace IngressController.Upstream.Balancing;

/// <summary>
/// A consistent hash: each endpoint has points on a ring, and a hash belongs to the next point. An endpoint that comes takes hashes from others
/// and moves none between them; those of one that goes are spread over the others. The points depend on the address of the endpoint only, so
/// that all replicas agree.
/// </summary>
internal sealed class HashRing
{
    /// <summary>The number of points of an endpoint, as in ketama: shares differ by about 1 / sqrt(160), 8 %.</summary>
    private const int PointsPerEndpoint = 160;

    private const int MaxOnStack = 64;

    private readonly IReadOnlyList<DestinationState> _endpoints;
    private readonly ulong[] _points;

    /// <summary>The index of the endpoint of each point.</summary>
    private readonly int[] _owners;

    /// <param name="endpoints">At least one.</param>
    public HashRing(IReadOnlyList<DestinationState> endpoints)
    {
        _endpoints = endpoints;
        _points = new ulong[endpoints.Count * PointsPerEndpoint];
        _owners = new int[_points.Length];
        for (var i = 0; i < _points.Length; i++)
        {
            var owner = i / PointsPerEndpoint;
            var hash = i % PointsPerEndpoint == 0 ? HashOf(endpoints[owner].DestinationId) : _points[i - 1];
            _points[i] = Mix(hash + 1);
            _owners[i] = owner;
        }

        Array.Sort(_points, _owners);
    }

    /// <summary>The hash of a text, the same on every machine.</summary>
    public static ulong HashOf(ReadOnlySpan<char> text) => XxHash64.HashToUInt64(MemoryMarshal.AsBytes(text));

    /// <summary>Spreads hashes over all values (the finalizer of MurmurHash3).</summary>
    public static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
        return hash ^ (hash >> 33);
    }

    /// <summary>The endpoint of a hash.</summary>
    public DestinationState Find(ulong hash) => _endpoints[_owners[PointOf(hash)]];

    /// <summary>The endpoint of a hash; the next one if that took no connection a moment ago.</summary>
    public DestinationState Find(ulong hash, UpstreamCluster cluster)
    {
        var endpoint = Find(hash);
        return cluster.IsUnreachable(endpoint) ? FirstReachable(Successors(hash, new int[_endpoints.Count]), 0, cluster) : endpoint;
    }

    /// <summary>A random one of the next endpoints of a hash, without those that took no connection a moment ago.</summary>
    public DestinationState AnyOf(ulong hash, int count, Random random, UpstreamCluster cluster)
    {
        count = Math.Min(count, _endpoints.Count);
        var subset = Successors(hash, count <= MaxOnStack ? stackalloc int[count] : new int[count]);
        return FirstReachable(subset, random.Next(count), cluster);
    }

    private DestinationState FirstReachable(ReadOnlySpan<int> subset, int start, UpstreamCluster cluster)
    {
        for (var i = 0; i < subset.Length; i++)
        {
            var endpoint = _endpoints[subset[(start + i) % subset.Length]];
            if (!cluster.IsUnreachable(endpoint))
                return endpoint;
        }

        return _endpoints[subset[start]];
    }

    /// <summary>Fills a span, no longer than the number of endpoints, with the next different endpoints of a hash.</summary>
    private ReadOnlySpan<int> Successors(ulong hash, Span<int> into)
    {
        var found = 0;
        for (var point = PointOf(hash); found < into.Length; point = point + 1 == _points.Length ? 0 : point + 1)
        {
            if (!into[..found].Contains(_owners[point]))
                into[found++] = _owners[point];
        }

        return into;
    }

    private int PointOf(ulong hash)
    {
        var index = Array.BinarySearch(_points, hash);
        index = index < 0 ? ~index : index;
        return index == _points.Length ? 0 : index;
    }
}

/// <summary>The ring of a cluster.</summary>
internal sealed class HashRingView : EndpointView
{
    private volatile HashRing? _ring;

    /// <summary>The ring; null if there is no endpoint.</summary>
    public HashRing? Ring => _ring;

    public override void Apply(IReadOnlyList<DestinationState> endpoints) => _ring = endpoints.Count == 0 ? null : new HashRing(endpoints);
}
