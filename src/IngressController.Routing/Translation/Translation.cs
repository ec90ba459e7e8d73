using System.Collections.Immutable;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>The routing table and the problems of a snapshot, with the intermediate results that the next translation reuses.</summary>
public sealed record Translation
{
    public required TranslationSettings Settings { get; init; }

    public ClusterSnapshot Snapshot { get; init; } = ClusterSnapshot.Empty;

    public RoutingTable Table { get; init; } = RoutingTable.Empty;

    /// <summary>The differences from the previous table.</summary>
    public TableChanges Changes { get; init; } = TableChanges.None;

    /// <summary>The Secrets and ConfigMaps that claimed Ingresses and the operator name; the same object while nothing changes.</summary>
    public ObjectReferences References { get; init; } = ObjectReferences.None;

    /// <summary>The settings of all Ingresses: the ConfigMap takes precedence over the options.</summary>
    public GlobalSettings Global { get; init; } = GlobalSettings.Default;

    /// <summary>True before the first pass.</summary>
    internal bool IsEmpty { get; init; }

    /// <summary>Problems of the ConfigMap of settings.</summary>
    internal EquatableArray<Diagnostic> GlobalDiagnostics { get; init; } = [];

    internal FragmentSet Fragments { get; init; } = FragmentSet.Empty;

    /// <summary>The backends with problems.</summary>
    internal ImmutableHashSet<BackendId> FaultyBackends { get; init; } = [];

    /// <summary>Conflicts of hosts, by host.</summary>
    internal ImmutableDictionary<string, EquatableArray<Diagnostic>> HostDiagnostics { get; init; } =
        ImmutableDictionary<string, EquatableArray<Diagnostic>>.Empty;

    /// <summary>Conflicts of aliases, by name.</summary>
    internal ImmutableDictionary<string, EquatableArray<Diagnostic>> AliasDiagnostics { get; init; } =
        ImmutableDictionary<string, EquatableArray<Diagnostic>>.Empty;

    /// <summary>Problems of certificates, by host.</summary>
    internal ImmutableDictionary<string, EquatableArray<Diagnostic>> TlsDiagnostics { get; init; } =
        ImmutableDictionary<string, EquatableArray<Diagnostic>>.Empty;

    public static Translation Empty(TranslationSettings settings) => new() { Settings = settings, Global = settings.Global, IsEmpty = true };

    /// <summary>The number of claimed Ingresses.</summary>
    public int ClaimedIngresses => Fragments.Fragments.Values.Count(fragment => fragment.IsClaimed);

    /// <summary>True if an Ingress is claimed and its routes are in the table.</summary>
    public bool Claims(ResourceName ingress) => Fragments.Fragments.TryGetValue(ingress, out var fragment) && fragment.IsClaimed;

    /// <summary>All problems without duplicates, in a stable order. The cost depends on the number of problems, not of objects.</summary>
    public ImmutableArray<Diagnostic> CollectDiagnostics() =>
    [
        .. Fragments.Faulty.SelectMany(name => Fragments.Fragments[name].Diagnostics)
            .Concat(BackendDiagnostics())
            .Concat(PolicyBackendDiagnostics())
            .Concat(HostDiagnostics.Values.SelectMany(diagnostics => diagnostics))
            .Concat(AliasDiagnostics.Values.SelectMany(diagnostics => diagnostics))
            .Concat(TlsDiagnostics.SelectMany(host => host.Value.Where(diagnostic => Concerns(host.Key, diagnostic))))
            .Concat(OperatorDiagnostics())
            .Distinct()
            .Order(),
    ];

    /// <summary>A host without a certificate of its own may be covered by that of its wildcard host, or by the default one.</summary>
    private bool Concerns(string host, Diagnostic diagnostic)
    {
        if (diagnostic.Code != DiagnosticCode.TlsHostNotListed)
            return true;
        var parent = host.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? Table.TlsBindings.GetValueOrDefault("*" + host[dot..]) : null;
        return !((parent?.Certificate ?? Table.DefaultCertificate?.Certificate)?.Covers(host) == true);
    }

    private IEnumerable<Diagnostic> BackendDiagnostics()
    {
        foreach (var fragment in FaultyBackends.SelectMany(Fragments.OfBackend).DistinctBy(fragment => fragment.Name))
        {
            foreach (var route in fragment.AllRoutes)
            {
                if (route.Action is not RouteAction.Forward forward)
                    continue;
                foreach (var diagnostic in forward.Weights.Count > 0 ? WeightDiagnostics(route, forward.Weights) : Problems(forward.Backend).Select(problem => DiagnosticCatalog.OfBackend(problem, route.Origin)))
                    yield return diagnostic;
            }
        }

        var canaries =
            from host in FaultyBackends.SelectMany(Fragments.Backends.HostsOfCanaries).Distinct(StringComparer.Ordinal)
            from route in Table.Hosts[host].AllRoutes
            let forward = route.Action as RouteAction.Forward
            where forward is not null
            from canary in forward.Canaries
            from problem in Problems(canary.Backend)
            select DiagnosticCatalog.OfCanaryBackend(problem, canary.Origin);
        foreach (var diagnostic in canaries)
            yield return diagnostic;
    }

    private IEnumerable<Diagnostic> WeightDiagnostics(Route route, EquatableArray<WeightedBackend> weights)
    {
        var used = weights.Where(weighted => weighted.Weight > 0).ToArray();
        var isServed = used.Any(weighted => Table.Backends[weighted.Backend].Endpoints.Count > 0);
        return
            from weighted in used
            from problem in Problems(weighted.Backend)
            select DiagnosticCatalog.OfWeightedBackend(problem, route.Origin.Ingress, route.Policies.FieldOf(BackendWeightsPolicy.Annotation), isServed);
    }

    private EquatableArray<BackendProblem> Problems(BackendId id) => FaultyBackends.Contains(id) ? Table.Backends[id].Problems : [];

    private IEnumerable<Diagnostic> PolicyBackendDiagnostics() =>
        from fragment in FaultyBackends.SelectMany(Fragments.OfBackend).DistinctBy(fragment => fragment.Name)
        from policy in fragment.Policies.All
        let use = policy.BackendUse
        where use is not null && FaultyBackends.Contains(use.Backend)
        from problem in Table.Backends[use.Backend].Problems
        select DiagnosticCatalog.OfPolicyBackend(fragment.Name, fragment.Policies.FieldOf(use.Annotation), problem);

    private IEnumerable<Diagnostic> OperatorDiagnostics()
    {
        foreach (var diagnostic in GlobalDiagnostics)
            yield return diagnostic;

        if (Settings.DefaultBackendService is { } service)
        {
            foreach (var problem in Table.Backends[DefaultBackend.Id(service)].Problems)
                yield return DiagnosticCatalog.DefaultBackendUnusable(problem, service);
        }

        if (Settings.DefaultSslCertificate is { } name)
        {
            if (!Snapshot.TlsSecrets.TryGetValue(name, out var secret))
                yield return DiagnosticCatalog.DefaultCertificateUnusable(name, "no such Secret exists", keepsLast: false);
            else if (secret.Problem is { } problem)
                yield return DiagnosticCatalog.DefaultCertificateUnusable(name, problem, keepsLast: secret.Certificate is not null);
        }
    }
}

/// <summary>The differences between two tables, so that publishing costs only the changes.</summary>
public sealed record TableChanges(
    ImmutableArray<string> Hosts, ImmutableArray<BackendId> Backends, ImmutableArray<string> TlsHosts, ImmutableArray<string> Aliases, bool Defaults,
    bool Replicas = false)
{
    public static TableChanges None { get; } = new([], [], [], [], false);
}

/// <summary>The operator's default backend as a backend of the table.</summary>
internal static class DefaultBackend
{
    public static BackendId Id(ResourceName service) => new(service, "");

    /// <param name="service">The Service; null when there is none.</param>
    /// <param name="policies">The policies of the settings.</param>
    public static Route? Route(ResourceName? service, Func<RoutePolicies> policies) => service is { } name
        ? new Route(RouteOrigin.DefaultBackend(new ResourceName("", "")), PathMatch.Root, new RouteAction.Forward(Id(name))) { Policies = policies() }
        : null;
}
