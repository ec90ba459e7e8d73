using IngressController.Upstream.Balancing;
using Yarp.ReverseProxy.Model;

namespace IngressController.Tests.Upstream.Balancing;

/// <summary>What a consistent hash moves when the endpoints change, against the least that must move.</summary>
public sealed class HashRingTests
{
    private const int Keys = 50_000;

    private static readonly ulong[] Hashes = [.. Enumerable.Range(0, Keys).Select(i => HashRing.HashOf($"/products/{i}?session=42"))];

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(100)]
    public void A_new_endpoint_takes_its_share_and_nothing_else_moves(int count)
    {
        using var cluster = new BalancingCluster(count + 1);
        var (before, after) = (new HashRing([.. cluster.Endpoints.Take(count)]), new HashRing(cluster.Endpoints));
        var moved = Hashes.Where(hash => before.Find(hash) != after.Find(hash)).ToArray();
        Assert.All(moved, hash => Assert.Same(cluster.Endpoints[count], after.Find(hash)));
        var ideal = (double)Keys / (count + 1);
        Assert.InRange(moved.Length, 0.75 * ideal, 1.25 * ideal);
    }

    [Fact]
    public void The_share_of_an_endpoint_that_is_gone_spreads_over_all_others()
    {
        using var cluster = new BalancingCluster(10);
        var (before, after) = (new HashRing(cluster.Endpoints), new HashRing([.. cluster.Endpoints.Skip(1)]));
        Assert.All(Hashes, hash => Assert.True(before.Find(hash) == cluster.Endpoints[0] || before.Find(hash) == after.Find(hash)));
        var takers = Hashes.Where(hash => before.Find(hash) == cluster.Endpoints[0]).CountBy(after.Find).ToArray();
        Assert.Equal(9, takers.Length);
    }

    [Fact]
    public void Shares_are_even_within_a_quarter()
    {
        using var cluster = new BalancingCluster(20);
        var ring = new HashRing(cluster.Endpoints);
        // The standard deviation is 8 %: three of it.
        Assert.All(Hashes.CountBy(ring.Find), share => Assert.InRange(share.Value, 0.75 * Keys / 20, 1.25 * Keys / 20));
    }

    [Fact]
    public void Every_machine_has_the_same_points()
    {
        Assert.Equal(3285007844669031882UL, HashRing.HashOf("10.0.0.1:8080"));
        Assert.Equal(0xb456bcfc34c2cb2cUL, HashRing.Mix(1));
    }

    [Fact]
    public void An_endpoint_that_took_no_connection_is_replaced_by_the_next_of_the_hash()
    {
        using var cluster = new BalancingCluster(5);
        var ring = new HashRing(cluster.Endpoints);
        var lost = cluster.Endpoints[2];
        var without = new HashRing([.. cluster.Endpoints.Where(endpoint => endpoint != lost)]);
        cluster.Cluster.MarkUnreachable(lost);
        Assert.All(Hashes.Take(1_000), hash => Assert.Same(without.Find(hash), ring.Find(hash, cluster.Cluster)));
        foreach (var endpoint in cluster.Endpoints)
            cluster.Cluster.MarkUnreachable(endpoint);
        // All of them: one is tried.
        Assert.Same(ring.Find(Hashes[0]), ring.Find(Hashes[0], cluster.Cluster));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(70)]
    public void A_subset_has_its_size_is_even_inside_and_changes_by_one_endpoint(int size)
    {
        using var cluster = new BalancingCluster(100);
        var ring = new HashRing(cluster.Endpoints);
        foreach (var hash in Hashes.Take(20))
        {
            var subset = Subset(ring, hash);
            Assert.Equal(size, subset.Count);
            Assert.All(subset.Values, share => Assert.InRange(share, 0.5 * 200, 1.6 * 200));
            var gone = subset.Keys.First();
            var smaller = Subset(new HashRing([.. cluster.Endpoints.Where(endpoint => endpoint != gone)]), hash);
            Assert.Equal(size - 1, smaller.Keys.Intersect(subset.Keys).Count());
        }

        Dictionary<DestinationState, int> Subset(HashRing of, ulong hash) =>
            Enumerable.Range(0, 200 * size).CountBy(_ => of.AnyOf(hash, size, cluster.Random, cluster.Cluster)).ToDictionary();
    }

    [Fact]
    public void A_subset_larger_than_the_endpoints_is_all_and_leaves_out_those_without_connections()
    {
        using var cluster = new BalancingCluster(3);
        var ring = new HashRing(cluster.Endpoints);
        Assert.Equal(3, Enumerable.Range(0, 100).CountBy(_ => ring.AnyOf(Hashes[0], 10, cluster.Random, cluster.Cluster)).Count());
        cluster.Cluster.MarkUnreachable(cluster.Endpoints[1]);
        for (var i = 0; i < 100; i++)
            Assert.NotSame(cluster.Endpoints[1], ring.AnyOf(Hashes[0], 10, cluster.Random, cluster.Cluster));
    }
}
