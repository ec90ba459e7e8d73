using IngressController.Matching;
using IngressController.Pipeline;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Routing.Translation;
using IngressController.Tls;
using IngressController.TrustedProxies;
using IngressController.Upstream;

namespace IngressController.Proxy;

/// <summary>
/// Builds a revision from the previous one and a translation. Only changed parts are rebuilt: a change of endpoints rebuilds its cluster, a
/// change of hosts also copies their hash table. Called only by the reconcile loop.
/// </summary>
internal sealed class RevisionBuilder(UpstreamClients clients, CertificateStore certificates, RequestMetrics metrics, IServiceProvider services)
{
    /// <summary>More than the number of different plans without annotations; a change of the global settings adds new ones.</summary>
    private const int MaxSharedPlans = 16;

    private readonly Dictionary<BackendId, UpstreamCluster> _clusters = [];
    private readonly Dictionary<RoutePolicies, RoutePlan> _sharedPlans = [];

    /// <summary>The revision before the first translation.</summary>
    public Revision Initial(TranslationSettings settings)
    {
        var context = new GlobalPlanContext(GlobalSettings.Default, services);
        return new Revision
        {
            Translation = Translation.Empty(settings),
            Hosts = HostTable.Empty,
            Certificates = certificates.SelfSigned,
            RequestChanges = PipelineOrder.RequestChangesOf(context),
            ResponseChanges = PipelineOrder.ResponseChangesOf(context),
            IsInitial = true,
        };
    }

    public Revision Build(Revision current, Translation translation)
    {
        var revision = WithSettings(current, translation.Global) with
        {
            Translation = translation,
            Certificates = certificates.Apply(current.Certificates, translation),
            IsInitial = false,
        };
        UpdateClusters(translation, clients.Settings == translation.Global.Upstream ? translation.Changes.Backends : translation.Table.Backends.Keys);
        revision = revision with { Hosts = BuildHosts(current, translation) };
        RemoveClusters(translation);
        return revision;
    }

    private void RemoveClusters(Translation translation)
    {
        var hadTls = false;
        foreach (var id in translation.Changes.Backends)
        {
            if (!translation.Table.Backends.ContainsKey(id))
                hadTls |= _clusters.Remove(id) && id.Tls is not null;
        }

        if (hadTls)
            clients.RemoveUnused([.. _clusters.Keys.Select(id => id.Tls).OfType<BackendTlsSettings>()]);
    }

    private Revision WithSettings(Revision current, GlobalSettings settings)
    {
        if (!current.IsInitial && settings == current.Settings)
            return current;
        var context = new GlobalPlanContext(settings, services);
        return current with
        {
            Forwarding = ForwardingRules.Of(settings.Forwarding),
            RequestChanges = PipelineOrder.RequestChangesOf(context),
            ResponseChanges = PipelineOrder.ResponseChangesOf(context),
        };
    }

    private void UpdateClusters(Translation translation, IEnumerable<BackendId> changed)
    {
        clients.Apply(translation.Global.Upstream);
        foreach (var id in changed)
        {
            if (!translation.Table.Backends.TryGetValue(id, out var backend))
                continue;
            if (_clusters.TryGetValue(id, out var cluster))
                cluster.Update(backend);
            else
                _clusters[id] = new UpstreamCluster(backend, clients);
        }
    }

    private HostTable BuildHosts(Revision current, Translation translation)
    {
        var (table, changes) = (translation.Table, translation.Changes);
        if (!current.IsInitial && changes.Hosts.Length == 0 && changes.Aliases.Length == 0 && !changes.Defaults)
            return current.Hosts;
        var changed = changes.Hosts.Select(host =>
            KeyValuePair.Create(host, table.Hosts.TryGetValue(host, out var virtualHost) ? Build(virtualHost) : null));
        var aliases = current.IsInitial || changes.Aliases.Length > 0
            ? new HostAliases([.. table.Aliases.Values.Select(alias => (alias, alias.Redirect is { } status ? (RouteEntry)BuildRedirect(alias, status) : null))])
            : current.Hosts.Aliases;
        return current.Hosts.With([.. changed], table.DefaultRoute is { } route ? Build("", route) : null, aliases);
    }

    private PathTable Build(VirtualHost host) =>
        new([.. host.Routes.Select(route => Build(host.Host, route))], host.Default is { } route ? Build(host.Host, route) : null)
        {
            Root = host.Root is { } root ? Build(host.Host, root) : null,
            HasTls = host.HasTls,
        };

    private ProxyRoute BuildRedirect(HostAlias alias, int status) =>
        Build(alias.Name, new Route(new RouteOrigin(alias.Ingress, 0, 0), PathMatch.Root, new RouteAction.Redirect(status, alias.Target, Path: null)));

    private ProxyRoute Build(string host, Route route)
    {
        var ingress = route.Origin.Ingress;
        var context = new PlanContext(host, route, services) { Clusters = _clusters };
        if (route.Action is not RouteAction.Forward forward)
            return new ProxyRoute(host, route, null, metrics.For(ingress, service: null), Plan(context));
        var main = BackendOf(forward.Backend, ingress);
        var alternatives = !forward.HasAlternatives ? null : new RouteBackends(
            main, [.. forward.Weights.Select(weighted => new WeightedRouteBackend(BackendOf(weighted.Backend, ingress), weighted.Weight))],
            [.. forward.Canaries.Select(canary => BackendOf(canary.Backend, canary.Origin.Ingress))]);
        return new ProxyRoute(host, route, main.Cluster, main.Counters, Plan(context with { Backends = alternatives })) { Backends = alternatives };
    }

    /// <param name="id">The backend.</param>
    /// <param name="ingress">The Ingress that names it: requests of canaries are counted for the canary.</param>
    private RouteBackend BackendOf(BackendId id, ResourceName ingress) => new(_clusters[id], metrics.For(ingress, id.Service));

    /// <summary>The plan of a route. Routes of Ingresses without annotations, which are most, share one.</summary>
    private RoutePlan Plan(PlanContext context)
    {
        var policies = context.Definition.Policies;
        if (policies.Sources.Count > 0 || context.Definition.Action is RouteAction.Redirect || context.Backends is not null)
            return PipelineOrder.PlanOf(context);
        if (_sharedPlans.TryGetValue(policies, out var shared))
            return shared;
        if (_sharedPlans.Count == MaxSharedPlans)
            _sharedPlans.Clear();
        return _sharedPlans[policies] = PipelineOrder.PlanOf(context);
    }
}
