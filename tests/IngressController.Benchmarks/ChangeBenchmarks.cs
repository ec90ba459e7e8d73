using BenchmarkDotNet.Attributes;
using IngressController.Kubernetes.Watching;
using IngressController.Reconciliation;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Sources;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Benchmarks;

/// <summary>
/// The cost of a change at 10,000 Ingresses, from a decoded watch event to the live revision, without the pause between passes.
/// </summary>
public class ChangeBenchmarks
{
    private const int Ingresses = 10_000;
    private readonly ClusterSnapshot _cluster = LargeCluster.Create(Ingresses, pathsPerHost: 2);
    private ClusterStore _store = null!;
    private ReconcileLoop _loop = null!;
    private int _turn;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        var controller = LargeCluster.Controller();
        _store = controller.Services.GetRequiredService<ClusterStore>();
        _loop = controller.Services.GetRequiredService<ReconcileLoop>();
        _store.Apply(ClusterKinds.IngressClasses, null, "", new ResourceChange<V1IngressClass>.Replaced([.. _cluster.IngressClasses.Values], []));
        _store.Apply(ClusterKinds.Services, null, "", new ResourceChange<V1Service>.Replaced([.. _cluster.Services.Values], []));
        _store.Apply(ClusterKinds.Ingresses, null, "", new ResourceChange<V1Ingress>.Replaced([.. _cluster.Ingresses.Values], []));
        for (var i = 0; i < Ingresses; i++)
            _store.Apply(ClusterKinds.EndpointSlices, null, "", new ResourceChange<V1EndpointSlice>.Applied(LargeCluster.Slice(i, 0)));
        await PassAsync();
    }

    [Benchmark(Description = "translate 10,000 Ingresses in full")]
    public object TranslateAll() => RoutingTableTranslator.Translate(_cluster, new TranslationSettings());

    [Benchmark(Description = "one endpoint change at 10,000 Ingresses, event to live")]
    public Task<bool> EndpointChangeAsync()
    {
        _turn++;
        _store.Apply(ClusterKinds.EndpointSlices, null, "",
            new ResourceChange<V1EndpointSlice>.Applied(LargeCluster.Slice(_turn % Ingresses, _turn)));
        return PassAsync();
    }

    [Benchmark(Description = "one route change at 10,000 Ingresses, event to live")]
    public Task<bool> RouteChangeAsync()
    {
        _turn++;
        _store.Apply(ClusterKinds.Ingresses, null, "",
            new ResourceChange<V1Ingress>.Applied(LargeCluster.Ingress(_turn % Ingresses, 2, suffix: _turn.ToString())));
        return PassAsync();
    }

    private Task<bool> PassAsync() =>
        _store.Take() is var (snapshot, changes) ? _loop.TryApplyAsync(snapshot, changes, CancellationToken.None) : Task.FromResult(false);
}
