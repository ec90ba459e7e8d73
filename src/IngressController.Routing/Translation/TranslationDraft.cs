using System.Collections.Immutable;
using IngressController.Routing.Cluster;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// One pass: takes the previous results, finds those that the changes touch, and makes them again. Lives only during
/// <see cref="RoutingTableTranslator.Translate(Translation, ClusterSnapshot, ClusterChanges)"/>.
/// </summary>
internal sealed class TranslationDraft
{
    private readonly Translation _previous;
    private readonly ClusterSnapshot _snapshot;
    private readonly OperatorDraft _operator;
    private readonly FragmentReader _reader;
    private readonly FragmentSet.Builder _fragments;
    private readonly MergedNames<VirtualHost> _hosts;
    private readonly MergedNames<HostAlias> _aliases;
    private readonly MergedNames<TlsBinding> _tls;
    private readonly ImmutableDictionary<BackendId, Backend>.Builder _backends;
    private readonly ImmutableHashSet<BackendId>.Builder _faultyBackends;

    public TranslationDraft(Translation previous, ClusterSnapshot snapshot)
    {
        _previous = previous;
        _snapshot = snapshot;
        _operator = new OperatorDraft(previous, snapshot);
        _reader = new FragmentReader(previous.Settings, snapshot);
        _fragments = previous.Fragments.ToBuilder();
        _hosts = new MergedNames<VirtualHost>(previous.Table.Hosts, previous.HostDiagnostics);
        _aliases = new MergedNames<HostAlias>(previous.Table.Aliases, previous.AliasDiagnostics);
        _tls = new MergedNames<TlsBinding>(previous.Table.TlsBindings, previous.TlsDiagnostics);
        _backends = previous.Table.Backends.ToBuilder();
        _faultyBackends = previous.FaultyBackends.ToBuilder();
    }

    /// <summary>Before all steps: the settings of all Ingresses.</summary>
    public void ReadSettings(ClusterChanges changes) => _operator.ReadSettings(changes);

    /// <summary>
    /// Step 1: reads the changed Ingresses and those that name a changed Secret or ConfigMap; all of them if an IngressClass or the
    /// settings changed.
    /// </summary>
    public void ReadIngresses(ClusterChanges changes)
    {
        var names = changes.IngressClasses || _operator.HasChanged
            ? _snapshot.Ingresses.Keys.Union(_fragments.Names)
            : changes.Ingresses
                .Union(changes.Secrets.SelectMany(secret => _fragments.OfSecret(secret).Where(fragment => fragment.PolicySecrets.Contains(secret))).Select(fragment => fragment.Name))
                .Union(changes.ConfigMaps.SelectMany(_fragments.OfConfigMap).Select(fragment => fragment.Name));
        foreach (var name in names.ToArray())
            _fragments.Set(name, _snapshot.Ingresses.TryGetValue(name, out var ingress) ? _reader.Read(ingress, _operator.Global) : null);
    }

    /// <summary>Step 2: merges every host that an Ingress read in step 1 has or had.</summary>
    public void MergeHosts()
    {
        foreach (var host in _fragments.TouchedHosts)
        {
            var before = _hosts.Find(host);
            var merged = HostMerge.Merge(host, _fragments.OfHost(host));
            _hosts.Set(host, merged.VirtualHost, merged.Diagnostics);
            _fragments.Backends.SetCanaries(host, HostMerge.CanaryBackends(before), HostMerge.CanaryBackends(merged.VirtualHost));
        }
    }

    /// <summary>Step 2, for aliases: every name that is or was wanted as an alias, and those that became or ceased to be hosts.</summary>
    public void MergeAliases()
    {
        var touched = _fragments.TouchedAliases;
        touched.UnionWith(_fragments.TouchedHosts.Where(_fragments.UsesAlias));
        foreach (var name in touched)
        {
            var merged = AliasMerge.Merge(name, isHost: _hosts.Find(name) is not null, _fragments.OfAlias(name));
            _aliases.Set(name, merged.Alias, merged.Diagnostics);
        }
    }

    /// <summary>Step 3: resolves every backend that is new since step 1, and those of changed Services.</summary>
    public void ResolveBackends(IReadOnlySet<ResourceName> changedServices)
    {
        var touched = _fragments.Backends.Touched;
        foreach (var service in changedServices)
            touched.UnionWith(_fragments.Backends.OfService(service));

        if (_previous.Settings.DefaultBackendService is { } defaultService
            && (changedServices.Contains(defaultService) || !_backends.ContainsKey(DefaultBackend.Id(defaultService))))
        {
            touched.Add(DefaultBackend.Id(defaultService));
        }

        foreach (var id in touched)
        {
            if (_fragments.Backends.IsUsed(id) || IsDefaultBackend(id))
                _backends[id] = BackendResolver.Resolve(id, _snapshot, _previous.Settings);
            else
                _backends.Remove(id);
            if (_backends.TryGetValue(id, out var backend) && backend.Problems.Count > 0)
                _faultyBackends.Add(id);
            else
                _faultyBackends.Remove(id);
        }
    }

    /// <summary>Step 4: merges the certificates of every host that step 1 touched, and of those that use a changed Secret.</summary>
    public void MergeTls(IReadOnlySet<ResourceName> changedSecrets)
    {
        var touched = _fragments.TouchedTlsHosts;
        foreach (var fragment in changedSecrets.SelectMany(_fragments.OfSecret).DistinctBy(fragment => fragment.Name))
            touched.UnionWith(fragment.Tls.Select(contribution => contribution.Host));
        foreach (var host in touched)
        {
            var merged = TlsMerge.Merge(host, _fragments.OfTlsHost(host), _snapshot.TlsSecrets);
            _tls.Set(host, merged.Binding, merged.Diagnostics);
        }
    }

    /// <summary>Step 5: counts the replicas of the controller if their Service changed.</summary>
    public void CountReplicas(IReadOnlySet<ResourceName> changedServices) => _operator.CountReplicas(changedServices);

    public Translation Finish()
    {
        var before = _previous.Table;
        var defaultRoute = _operator.DefaultRoute();
        var defaultCertificate = _operator.DefaultCertificate();
        var fragments = _fragments.ToSet();
        return new Translation
        {
            Settings = _previous.Settings,
            Snapshot = _snapshot,
            Table = new RoutingTable
            {
                Hosts = _hosts.ToValues(),
                Aliases = _aliases.ToValues(),
                Backends = _backends.ToImmutable(),
                TlsBindings = _tls.ToValues(),
                DefaultCertificate = defaultCertificate,
                DefaultRoute = defaultRoute,
                Replicas = _operator.Replicas,
            },
            Changes = new TableChanges(
                [.. _fragments.TouchedHosts.Where(host => before.Hosts.GetValueOrDefault(host) != _hosts.Find(host))],
                [.. _fragments.Backends.Touched.Where(id => before.Backends.GetValueOrDefault(id) != _backends.GetValueOrDefault(id))],
                [.. _fragments.TouchedTlsHosts.Where(host => before.TlsBindings.GetValueOrDefault(host) != _tls.Find(host))],
                [.. _fragments.TouchedAliases.Where(name => before.Aliases.GetValueOrDefault(name) != _aliases.Find(name))],
                before.DefaultRoute != defaultRoute || before.DefaultCertificate != defaultCertificate,
                before.Replicas != _operator.Replicas),
            Global = _operator.Global,
            GlobalDiagnostics = _operator.Diagnostics,
            Fragments = fragments,
            FaultyBackends = _faultyBackends.ToImmutable(),
            References = _operator.References(fragments.References),
            HostDiagnostics = _hosts.ToDiagnostics(),
            AliasDiagnostics = _aliases.ToDiagnostics(),
            TlsDiagnostics = _tls.ToDiagnostics(),
        };
    }

    private bool IsDefaultBackend(BackendId id) =>
        _previous.Settings.DefaultBackendService is { } service && DefaultBackend.Id(service) == id;
}
