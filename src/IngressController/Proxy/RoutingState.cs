using IngressController.Features.Forwarding;
using IngressController.Observability;
using IngressController.Routing.Cluster;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;

namespace IngressController.Proxy;

/// <summary>
/// The one mutable holder of the data plane: the live host table and the clusters. Requests read <see cref="Hosts"/> once; the
/// reconcile loop alone writes. A change of endpoints costs what it touches, a change of hosts a copy of their hash table besides.
/// </summary>
internal sealed class RoutingState(UpstreamClients clients, RequestMetrics metrics, StepServices services)
{
    private readonly Dictionary<BackendId, UpstreamCluster> _clusters = [];
    private volatile HostTable? _hosts;
    private volatile ForwardingRules? _forwarding;

    /// <summary>The live table; null until the first revision is applied.</summary>
    public HostTable? Hosts => _hosts;

    /// <summary>Whom to believe about where a request comes from; null while nobody is believed and all is as by default.</summary>
    public ForwardingRules? Forwarding => _forwarding;

    /// <summary>Makes the translation live: clusters first, then routes, so that no route is visible before what it needs.</summary>
    public void Apply(Translation translation)
    {
        var table = translation.Table;
        if ((_forwarding?.Settings ?? ForwardingSettings.Default) != translation.Global.Forwarding)
            _forwarding = ForwardingRules.Of(translation.Global.Forwarding);
        foreach (var id in translation.Changes.Backends)
        {
            if (!table.Backends.TryGetValue(id, out var backend))
                continue;
            if (_clusters.TryGetValue(id, out var cluster))
                cluster.Update(backend);
            else
                _clusters[id] = new UpstreamCluster(backend, clients);
        }

        if (_hosts is null || translation.Changes.Hosts.Length > 0 || translation.Changes.Defaults)
        {
            var changed = translation.Changes.Hosts.Select(host =>
                KeyValuePair.Create(host, table.Hosts.TryGetValue(host, out var virtualHost) ? Build(virtualHost) : null));
            _hosts = (_hosts ?? HostTable.Empty).With([.. changed], table.DefaultRoute is { } route ? Build("", route) : null);
        }

        foreach (var id in translation.Changes.Backends)
        {
            if (!table.Backends.ContainsKey(id))
                _clusters.Remove(id);
        }
    }

    private PathTable Build(VirtualHost host) =>
        new([.. host.Routes.Select(route => Build(host.Host, route))], host.Default is { } route ? Build(host.Host, route) : null);

    private ProxyRoute Build(string host, Route route)
    {
        var (cluster, service) = route.Action switch
        {
            RouteAction.Forward forward => (_clusters[forward.Backend], forward.Backend.Service),
            RouteAction.Unavailable => ((UpstreamCluster?)null, (ResourceName?)null),
            _ => throw new InvalidOperationException($"unknown route action {route.Action}"),
        };
        return new ProxyRoute(
            host, route, cluster, metrics.For(route.Origin.Ingress, service), RequestPipeline.PlanOf(new StepContext(host, route, cluster, services)));
    }
}
