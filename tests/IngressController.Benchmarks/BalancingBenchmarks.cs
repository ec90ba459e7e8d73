using System.Net;
using BenchmarkDotNet.Attributes;
using IngressController.Configuration;
using IngressController.Routing.Table;
using IngressController.Upstream;
using IngressController.Upstream.Balancing;
using Yarp.ReverseProxy.Model;

namespace IngressController.Benchmarks;

/// <summary>The choice of an endpoint by each algorithm, of 20 endpoints.</summary>
public class BalancingBenchmarks
{
    private static readonly UpstreamClients Clients = new(new UpstreamOptions(), (_, _) => Task.FromResult<IPAddress[]>([]), TimeProvider.System);
    private UpstreamCluster _cluster = null!;
    private EndpointSelector? _selector;

    [Params(BalancingAlgorithm.RoundRobin, BalancingAlgorithm.LeastRequests, BalancingAlgorithm.PowerOfTwo, BalancingAlgorithm.Ewma, BalancingAlgorithm.Random)]
    public BalancingAlgorithm Algorithm { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _cluster = new UpstreamCluster(Cluster(20), Clients);
        _selector = EndpointSelector.Of(Algorithm, Random.Shared);
        // Each has a request in flight and a measurement, so that all are compared.
        foreach (var endpoint in _cluster.Current.Endpoints)
        {
            var attempt = CountedAttempt.Begin(_cluster.CountLoads(), endpoint);
            attempt!.HeadCame();
        }
    }

    [Benchmark(Description = "choose an endpoint")]
    public DestinationState? Choose() => _cluster.Next(_cluster.Current, _selector);

    [Benchmark(Description = "count and measure an attempt")]
    public void Attempt()
    {
        var attempt = CountedAttempt.Begin(_cluster.CountLoads(), _cluster.Current.Endpoints[7])!;
        attempt.HeadCame();
        attempt.End(wasCanceled: false);
    }

    internal static Backend Cluster(int endpoints) => new()
    {
        Id = new BackendId(new ResourceName("default", "web"), "80"),
        Endpoints = [.. Enumerable.Range(1, endpoints).Select(i => new Endpoint($"10.0.{i / 250}.{i % 250}", 8080))],
    };
}

/// <summary>The consistent hash.</summary>
public class HashRingBenchmarks
{
    private static readonly UpstreamClients Clients = new(new UpstreamOptions(), (_, _) => Task.FromResult<IPAddress[]>([]), TimeProvider.System);
    private UpstreamCluster _cluster = null!;
    private HashRing _ring = null!;

    [Params(20, 1000)]
    public int Endpoints { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _cluster = new UpstreamCluster(BalancingBenchmarks.Cluster(Endpoints), Clients);
        _ring = new HashRing(_cluster.Current.Endpoints);
    }

    [Benchmark(Description = "find the endpoint of a key")]
    public DestinationState Find() => _ring.Find(HashRing.HashOf("/products/1234?color=green"), _cluster);

    [Benchmark(Description = "one of a subset of 3")]
    public DestinationState Subset() => _ring.AnyOf(HashRing.HashOf("/products/1234?color=green"), 3, Random.Shared, _cluster);

    [Benchmark(Description = "a change of the endpoints")]
    public object Change() => new HashRing(_cluster.Current.Endpoints);
}
