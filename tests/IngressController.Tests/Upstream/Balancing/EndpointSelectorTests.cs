using IngressController.Routing.Table;
using IngressController.Upstream.Balancing;
using Yarp.ReverseProxy.Model;

namespace IngressController.Tests.Upstream.Balancing;

/// <summary>The distribution of requests by each algorithm, with a seeded source of randomness.</summary>
public sealed class EndpointSelectorTests
{
    private const int Requests = 10_000;

    [Fact]
    public void Round_robin_takes_exact_turns()
    {
        using var cluster = new BalancingCluster(7);
        var selector = EndpointSelector.Of(BalancingAlgorithm.RoundRobin, cluster.Random);
        Assert.Null(selector);
        var counts = Count(cluster, selector, 700);
        Assert.All(counts.Values, count => Assert.Equal(100, count));
    }

    [Fact]
    public void Random_gives_each_endpoint_its_share_within_ten_percent()
    {
        using var cluster = new BalancingCluster(10);
        var counts = Count(cluster, EndpointSelector.Of(BalancingAlgorithm.Random, cluster.Random), Requests);
        // Binomial: the standard deviation is 30, and the bound is more than three of it.
        Assert.All(counts.Values, count => Assert.InRange(count, 900, 1_100));
        Assert.Equal(10, counts.Count);
    }

    [Fact]
    public void Least_requests_takes_turns_while_all_are_equal()
    {
        using var cluster = new BalancingCluster(5);
        var counts = Count(cluster, EndpointSelector.Of(BalancingAlgorithm.LeastRequests, cluster.Random), 500);
        Assert.All(counts.Values, count => Assert.Equal(100, count));
    }

    [Fact]
    public void Least_requests_fills_up_the_least_loaded_first_and_never_differs_by_more_than_one()
    {
        using var cluster = new BalancingCluster(8);
        var selector = EndpointSelector.Of(BalancingAlgorithm.LeastRequests, cluster.Random);
        // Seven have 10 requests; the other one gets the next 10.
        foreach (var endpoint in cluster.Endpoints.Skip(1))
            Begin(cluster, endpoint, 10);
        for (var i = 0; i < 10; i++)
        {
            Assert.Same(cluster.Endpoints[0], cluster.Next(selector));
            cluster.Begin(cluster.Endpoints[0]);
        }

        for (var i = 0; i < 803; i++)
            cluster.Begin(cluster.Next(selector));
        var loads = cluster.Cluster.Loads!.All.Select(load => load.InFlight).ToArray();
        Assert.Equal(1, loads.Max() - loads.Min());
        Assert.Equal(883, loads.Sum());
    }

    [Fact]
    public void Power_of_two_avoids_the_busy_and_stays_even_where_random_does_not()
    {
        using var cluster = new BalancingCluster(10);
        var selector = EndpointSelector.Of(BalancingAlgorithm.PowerOfTwo, cluster.Random);
        Begin(cluster, cluster.Endpoints[3], 1_000);
        // The busy one is compared with an idle one always, so it gets none.
        var counts = Count(cluster, selector, Requests);
        Assert.False(counts.ContainsKey(cluster.Endpoints[3]));
        // A ninth each, within three standard deviations.
        Assert.All(counts.Values, count => Assert.InRange(count, 1_000, 1_222));

        // Requests that stay: the fullest exceeds the mean by log log n, not by the root of the mean.
        using var filled = new BalancingCluster(10);
        selector = EndpointSelector.Of(BalancingAlgorithm.PowerOfTwo, filled.Random);
        for (var i = 0; i < Requests; i++)
            filled.Begin(filled.Next(selector));
        Assert.All(filled.Cluster.Loads!.All, load => Assert.InRange(load.InFlight, 990, 1_010));
    }

    [Fact]
    public void Ewma_prefers_the_faster_and_gives_a_slow_endpoint_another_chance()
    {
        using var cluster = new BalancingCluster(4);
        var selector = EndpointSelector.Of(BalancingAlgorithm.Ewma, cluster.Random);
        foreach (var endpoint in cluster.Endpoints)
            Answer(cluster, endpoint, TimeSpan.FromMilliseconds(endpoint == cluster.Endpoints[0] ? 500 : 10));
        var counts = Count(cluster, selector, 1_000);
        Assert.False(counts.ContainsKey(cluster.Endpoints[0]));

        // The others answer on, and the slow one is forgotten: 500 ms decays to 10 ms in 39 s.
        var until = cluster.Clock.GetUtcNow() + TimeSpan.FromSeconds(60);
        while (!counts.ContainsKey(cluster.Endpoints[0]) && cluster.Clock.GetUtcNow() < until)
        {
            for (var i = 0; i < 50; i++)
                Answer(cluster, cluster.Next(selector), TimeSpan.FromMilliseconds(10), counts);
        }

        Assert.True(counts.ContainsKey(cluster.Endpoints[0]), "the slow endpoint is never tried again");
    }

    [Fact]
    public void Ewma_weighs_requests_in_flight_and_follows_a_slower_response_at_once()
    {
        using var cluster = new BalancingCluster(2);
        var selector = EndpointSelector.Of(BalancingAlgorithm.Ewma, cluster.Random);
        var (first, second) = (cluster.Endpoints[0], cluster.Endpoints[1]);
        Answer(cluster, first, TimeSpan.FromMilliseconds(10));
        Answer(cluster, second, TimeSpan.FromMilliseconds(30));
        // 10 ms × (1 + 1) is still less than 30 ms, 10 ms × (3 + 1) is not.
        Begin(cluster, first, 1);
        Assert.Same(first, cluster.Next(selector));
        Begin(cluster, first, 2);
        Assert.Same(second, cluster.Next(selector));

        using var other = new BalancingCluster(2);
        selector = EndpointSelector.Of(BalancingAlgorithm.Ewma, other.Random);
        for (var i = 0; i < 100; i++)
        {
            Answer(other, other.Endpoints[0], TimeSpan.FromMilliseconds(10));
            Answer(other, other.Endpoints[1], TimeSpan.FromMilliseconds(20));
        }

        Assert.Same(other.Endpoints[0], other.Next(selector));
        Answer(other, other.Endpoints[0], TimeSpan.FromMilliseconds(100));
        Assert.Same(other.Endpoints[1], other.Next(selector));
    }

    [Fact]
    public void Ewma_counts_a_failure_as_slow_and_a_client_that_goes_as_nothing()
    {
        using var cluster = new BalancingCluster(2);
        var selector = EndpointSelector.Of(BalancingAlgorithm.Ewma, cluster.Random);
        Answer(cluster, cluster.Endpoints[0], TimeSpan.FromMilliseconds(100));
        Answer(cluster, cluster.Endpoints[1], TimeSpan.FromMilliseconds(200));
        cluster.Begin(cluster.Endpoints[0]).End(wasCanceled: true);
        Assert.Same(cluster.Endpoints[0], cluster.Next(selector));
        // It fails at once, which must not make it the fastest.
        cluster.Begin(cluster.Endpoints[0]).End(wasCanceled: false);
        Assert.Same(cluster.Endpoints[1], cluster.Next(selector));
        Assert.All(cluster.Cluster.Loads!.All, load => Assert.Equal(0, load.InFlight));
    }

    [Fact]
    public void A_new_endpoint_begins_with_the_average_of_the_others()
    {
        using var cluster = new BalancingCluster(3);
        foreach (var endpoint in cluster.Endpoints)
            Answer(cluster, endpoint, TimeSpan.FromMilliseconds(100));
        cluster.Resize(4);
        var now = cluster.Clock.GetTimestamp();
        var averages = cluster.Cluster.Loads!.All.Select(load => load.AverageAt(now, cluster.Clock)).ToArray();
        Assert.InRange(averages[3], averages.Min(), averages.Max());
        // It is neither the best, with half of the pairs, nor the worst, with none.
        var counts = Count(cluster, EndpointSelector.Of(BalancingAlgorithm.Ewma, cluster.Random), Requests);
        Assert.InRange(counts[cluster.Endpoints[3]], Requests / 10, Requests * 4 / 10);
    }

    [Theory]
    [InlineData(BalancingAlgorithm.LeastRequests)]
    [InlineData(BalancingAlgorithm.PowerOfTwo)]
    [InlineData(BalancingAlgorithm.Ewma)]
    [InlineData(BalancingAlgorithm.Random)]
    [InlineData(BalancingAlgorithm.RoundRobin)]
    public void An_endpoint_that_took_no_connection_gets_none_and_state_survives_changes(BalancingAlgorithm algorithm)
    {
        using var cluster = new BalancingCluster(3);
        var selector = EndpointSelector.Of(algorithm, cluster.Random);
        var attempt = cluster.Begin(cluster.Endpoints[1]);
        cluster.Cluster.MarkUnreachable(cluster.Endpoints[2]);
        Assert.False(Count(cluster, selector, 200).ContainsKey(cluster.Endpoints[2]));
        cluster.Resize(5);
        Assert.Equal(1, cluster.Cluster.Loads!.Of(cluster.Endpoints[1])!.InFlight);
        cluster.Resize(1);
        // An attempt at an endpoint that is gone ends without effect on others.
        attempt.End(wasCanceled: false);
        Assert.Same(cluster.Endpoints[0], cluster.Next(selector));
        cluster.Resize(0);
        Assert.Null(cluster.Cluster.Next(cluster.Cluster.Current, selector));
    }

    [Theory]
    [InlineData(BalancingAlgorithm.LeastRequests)]
    [InlineData(BalancingAlgorithm.PowerOfTwo)]
    [InlineData(BalancingAlgorithm.Ewma)]
    [InlineData(BalancingAlgorithm.Random)]
    [InlineData(BalancingAlgorithm.RoundRobin)]
    public void A_selection_does_not_allocate(BalancingAlgorithm algorithm)
    {
        using var cluster = new BalancingCluster(20);
        var selector = EndpointSelector.Of(algorithm, cluster.Random);
        for (var i = 0; i < 100; i++)
            cluster.Next(selector);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            cluster.Next(selector);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Loads_are_not_counted_until_an_algorithm_needs_them()
    {
        using var cluster = new BalancingCluster(3);
        foreach (var algorithm in (BalancingAlgorithm[])[BalancingAlgorithm.RoundRobin, BalancingAlgorithm.Random])
        {
            cluster.Next(EndpointSelector.Of(algorithm, cluster.Random));
            Assert.Null(cluster.Cluster.Loads);
        }

        cluster.Next(EndpointSelector.Of(BalancingAlgorithm.PowerOfTwo, cluster.Random));
        Assert.NotNull(cluster.Cluster.Loads);
    }

    private static Dictionary<DestinationState, int> Count(BalancingCluster cluster, EndpointSelector? selector, int requests)
    {
        var counts = new Dictionary<DestinationState, int>();
        for (var i = 0; i < requests; i++)
        {
            var endpoint = cluster.Next(selector);
            counts[endpoint] = counts.GetValueOrDefault(endpoint) + 1;
        }

        return counts;
    }

    private static void Begin(BalancingCluster cluster, DestinationState endpoint, int attempts)
    {
        for (var i = 0; i < attempts; i++)
            cluster.Begin(endpoint);
    }

    private static void Answer(BalancingCluster cluster, DestinationState endpoint, TimeSpan after, Dictionary<DestinationState, int>? counts = null)
    {
        var attempt = cluster.Begin(endpoint);
        cluster.Clock.Advance(after);
        attempt.HeadCame();
        attempt.End(wasCanceled: false);
        if (counts is not null)
            counts[endpoint] = counts.GetValueOrDefault(endpoint) + 1;
    }
}
