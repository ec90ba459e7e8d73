using System.Net;
using IngressController.Configuration;
using IngressController.Routing.Table;
using IngressController.Tests.Kubernetes;
using IngressController.Upstream;
using IngressController.Upstream.Balancing;
using Yarp.ReverseProxy.Model;

namespace IngressController.Tests.Upstream.Balancing;

/// <summary>A cluster whose requests exist only as counts, with a clock that a test moves and a seeded source of randomness.</summary>
internal sealed class BalancingCluster : IDisposable
{
    private readonly UpstreamClients _clients;

    public BalancingCluster(int endpoints)
    {
        _clients = new UpstreamClients(new UpstreamOptions(), (_, _) => Task.FromResult<IPAddress[]>([]), Clock);
        Cluster = new UpstreamCluster(Of(endpoints), _clients);
    }

    public ManualTimeProvider Clock { get; } = new();

    public Random Random { get; } = new(20261130);

    public UpstreamCluster Cluster { get; }

    public IReadOnlyList<DestinationState> Endpoints => Cluster.Current.Endpoints;

    public void Resize(int endpoints) => Cluster.Update(Of(endpoints));

    /// <summary>The endpoint that a request of an algorithm gets.</summary>
    public DestinationState Next(EndpointSelector? selector) => Cluster.Next(Cluster.Current, selector)!;

    /// <summary>Begins an attempt, which counts until it ends.</summary>
    public CountedAttempt Begin(DestinationState endpoint) => CountedAttempt.Begin(Cluster.CountLoads(), endpoint)!;

    public void Dispose() => _clients.Dispose();

    private static Backend Of(int endpoints) => new()
    {
        Id = new BackendId(new ResourceName("default", "web"), "80"),
        Endpoints = [.. Enumerable.Range(0, endpoints).Select(i => new Endpoint($"10.0.{i / 250}.{i % 250}", 8080))],
    };
}
