using IngressController.Features.Blocking;
using IngressController.Features.Forwarding;
using IngressController.Features.Redirects;
using IngressController.Observability;
using IngressController.Routing.Features.Redirects;
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
    /// <summary>More kinds of Ingresses without annotations than there are; a change of the global settings makes new ones.</summary>
    private const int MostSharedPlans = 16;

    private readonly Dictionary<BackendId, UpstreamCluster> _clusters = [];
    private readonly Dictionary<RoutePolicies, RoutePlan> _sharedPlans = [];
    private volatile ForwardingRules? _forwarding;

    /// <summary>The live table; null until the first revision is applied.</summary>
    public HostTable? Hosts => services.Hosts.Current;

    /// <summary>Whom to believe about where a request comes from; null while nobody is believed and all is as by default.</summary>
    public ForwardingRules? Forwarding => _forwarding;

    /// <summary>Makes the translation live: clusters first, then routes, so that no route is visible before what it needs.</summary>
    public void Apply(Translation translation)
    {
        var table = translation.Table;
        services.Global.Apply(translation.Global);
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

        if (translation.Changes.Replicas)
            services.Replicas.Ready = table.Replicas;
        var before = Hosts;
        if (before is null || translation.Changes.Hosts.Length > 0 || translation.Changes.Aliases.Length > 0 || translation.Changes.Defaults)
        {
            var changed = translation.Changes.Hosts.Select(host =>
                KeyValuePair.Create(host, table.Hosts.TryGetValue(host, out var virtualHost) ? Build(virtualHost) : null));
            var aliases = before is null || translation.Changes.Aliases.Length > 0
                ? new HostAliases([.. table.Aliases.Values.Select(alias => (alias, alias.Redirect is null ? null : BuildRedirect(alias)))])
                : before.Aliases;
            services.Hosts.Current = (before ?? HostTable.Empty).With([.. changed], table.DefaultRoute is { } route ? Build("", route) : null, aliases);
        }

        foreach (var id in translation.Changes.Backends)
        {
            if (!table.Backends.ContainsKey(id))
                _clusters.Remove(id);
        }
    }

    private PathTable Build(VirtualHost host) =>
        new([.. host.Routes.Select(route => Build(host.Host, route))], host.Default is { } route ? Build(host.Host, route) : null)
        {
            AppRoot = host.Root is { } root ? BuildAppRoot(host.Host, root) : null,
            HasTls = host.HasTls,
        };

    /// <summary>Before all steps but the block lists, which let nobody near the host.</summary>
    private ProxyRoute BuildAppRoot(string host, Route root)
    {
        var step = new AppRootStep(root.Policies.Get<AppRootPolicy>()!, services.Answers);
        return Build(host, root, new RoutePlan(BlockStep.Create(new StepContext(host, root, services)) is { } block ? [block, step] : [step], [], []));
    }

    private ProxyRoute BuildRedirect(HostAlias alias) => Build(
        alias.Name, new Route(new RouteOrigin(alias.Ingress, 0, 0), PathMatch.Root, new RouteAction.Redirect(alias.Redirect!.Value, alias.Target)),
        new RoutePlan([new WwwRedirectStep(alias, services.Answers)], [], []));

    private ProxyRoute Build(string host, Route route, RoutePlan? plan = null)
    {
        var (cluster, service) = route.Action switch
        {
            RouteAction.Forward forward => (_clusters[forward.Backend], forward.Backend.Service),
            RouteAction.Redirect or RouteAction.Unavailable => ((UpstreamCluster?)null, (ResourceName?)null),
            _ => throw new InvalidOperationException($"unknown route action {route.Action}"),
        };
        return new ProxyRoute(
            host, route, cluster, metrics.For(route.Origin.Ingress, service), plan ?? Plan(new StepContext(host, route, services)));
    }

    /// <summary>Most Ingresses say nothing, and then their routes all do the same: they share their steps.</summary>
    private RoutePlan Plan(StepContext context)
    {
        var policies = context.Definition.Policies;
        if (policies.Sources.Count > 0)
            return RequestPipeline.PlanOf(context);
        if (_sharedPlans.TryGetValue(policies, out var shared))
            return shared;
        if (_sharedPlans.Count == MostSharedPlans)
            _sharedPlans.Clear();
        return _sharedPlans[policies] = RequestPipeline.PlanOf(context);
    }
}
