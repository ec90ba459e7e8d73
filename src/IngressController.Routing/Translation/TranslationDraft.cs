using System.Collections.Immutable;
using IngressController.Kubernetes.Models;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Features;
using IngressController.Routing.Features.Redirects;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// The work of one pass: takes the results before, works out which of them the changes touch, and makes those anew. Lives only
/// during <see cref="RoutingTableTranslator.Translate(Translation, ClusterSnapshot, ClusterChanges)"/>.
/// </summary>
internal sealed class TranslationDraft
{
    private readonly Translation _previous;
    private readonly ClusterSnapshot _snapshot;
    private readonly IngressClaim _claim;
    private readonly HashSet<RoutePolicies> _sharedPolicies = [];
    private GlobalSettings _global;
    private EquatableArray<Diagnostic> _globalDiagnostics;

    private readonly FragmentSet.Builder _fragments;
    private readonly ImmutableDictionary<string, VirtualHost>.Builder _hosts;
    private readonly ImmutableDictionary<string, HostAlias>.Builder _aliases;
    private readonly ImmutableDictionary<BackendId, Backend>.Builder _backends;
    private readonly ImmutableHashSet<BackendId>.Builder _faultyBackends;
    private readonly ImmutableDictionary<string, TlsBinding>.Builder _tls;
    private readonly ImmutableDictionary<string, EquatableArray<Diagnostic>>.Builder _hostDiagnostics;
    private readonly ImmutableDictionary<string, EquatableArray<Diagnostic>>.Builder _aliasDiagnostics;
    private readonly ImmutableDictionary<string, EquatableArray<Diagnostic>>.Builder _tlsDiagnostics;
    private int _replicas;

    public TranslationDraft(Translation previous, ClusterSnapshot snapshot)
    {
        _previous = previous;
        _snapshot = snapshot;
        _claim = new IngressClaim(previous.Settings, snapshot.IngressClasses);
        _global = previous.Global;
        _globalDiagnostics = previous.GlobalDiagnostics;
        _fragments = previous.Fragments.ToBuilder();
        _hosts = previous.Table.Hosts.ToBuilder();
        _aliases = previous.Table.Aliases.ToBuilder();
        _backends = previous.Table.Backends.ToBuilder();
        _faultyBackends = previous.FaultyBackends.ToBuilder();
        _tls = previous.Table.TlsBindings.ToBuilder();
        _hostDiagnostics = previous.HostDiagnostics.ToBuilder();
        _aliasDiagnostics = previous.AliasDiagnostics.ToBuilder();
        _tlsDiagnostics = previous.TlsDiagnostics.ToBuilder();
        _replicas = previous.Table.Replicas;
    }

    /// <summary>Before all others: what counts for all Ingresses.</summary>
    public void ReadSettings(ClusterChanges changes)
    {
        var configMap = _previous.Settings.ConfigMap;
        if (!_previous.IsEmpty && !OperatorConfigMaps.Of(_previous.Global).Append(configMap ?? default).Any(changes.ConfigMaps.Contains))
            return;
        var diagnostics = new List<Diagnostic>();
        if (configMap is { } name)
            _global = SettingsReader.Read(name, _snapshot.ConfigMaps.GetValueOrDefault(name), _previous.Settings.Global, diagnostics);
        _global = OperatorConfigMaps.Resolve(_global, named => _snapshot.ConfigMaps.GetValueOrDefault(named), configMap, diagnostics);
        _globalDiagnostics = [.. diagnostics];
    }

    /// <summary>
    /// Step 1: the changed Ingresses and those that name a changed Secret or ConfigMap; all of them when a class changed and with it
    /// what is ours, or the settings of all.
    /// </summary>
    public void ReadIngresses(ClusterChanges changes)
    {
        var names = changes.IngressClasses || _global != _previous.Global
            ? _snapshot.Ingresses.Keys.Union(_fragments.Names)
            : changes.Ingresses
                .Union(changes.Secrets.SelectMany(secret => _fragments.OfSecret(secret).Where(fragment => fragment.PolicySecrets.Contains(secret))).Select(fragment => fragment.Name))
                .Union(changes.ConfigMaps.SelectMany(_fragments.OfConfigMap).Select(fragment => fragment.Name));
        foreach (var name in names.ToArray())
            _fragments.Set(name, _snapshot.Ingresses.TryGetValue(name, out var ingress) ? Read(ingress) : null);
    }

    /// <summary>Step 2: every host that an Ingress read in step 1 has or had.</summary>
    public void MergeHosts()
    {
        foreach (var host in _fragments.TouchedHosts)
        {
            if (!_fragments.UsesHost(host))
            {
                _hosts.Remove(host);
                _hostDiagnostics.Remove(host);
                continue;
            }

            var merged = HostMerge.Merge(host, _fragments.OfHost(host));
            _hosts[host] = merged.VirtualHost;
            SetDiagnostics(_hostDiagnostics, host, merged.Diagnostics);
        }
    }

    /// <summary>Still step 2: every name that is or was wanted as an alias, and those that became or ceased to be hosts.</summary>
    public void MergeAliases()
    {
        var touched = _fragments.TouchedAliases;
        touched.UnionWith(_fragments.TouchedHosts.Where(_fragments.UsesAlias));
        foreach (var name in touched)
        {
            var merged = AliasMerge.Merge(name, _fragments.UsesHost(name), _fragments.OfAlias(name));
            if (merged.Alias is { } alias)
                _aliases[name] = alias;
            else
                _aliases.Remove(name);
            SetDiagnostics(_aliasDiagnostics, name, merged.Diagnostics);
        }
    }

    /// <summary>Step 3: every backend that is used since step 1, and those of changed Services.</summary>
    public void ResolveBackends(IReadOnlySet<ResourceName> changedServices)
    {
        var touched = _fragments.TouchedBackends;
        foreach (var service in changedServices)
            touched.UnionWith(_fragments.BackendsOf(service));

        if (_previous.Settings.DefaultBackendService is { } defaultService
            && (changedServices.Contains(defaultService) || !_backends.ContainsKey(DefaultBackend.Id(defaultService))))
        {
            touched.Add(DefaultBackend.Id(defaultService));
        }

        foreach (var id in touched)
        {
            if (_fragments.UsesBackend(id) || IsDefaultBackend(id))
                _backends[id] = BackendResolver.Resolve(id, _snapshot, _previous.Settings);
            else
                _backends.Remove(id);
            if (_backends.TryGetValue(id, out var backend) && backend.Problems.Count > 0)
                _faultyBackends.Add(id);
            else
                _faultyBackends.Remove(id);
        }
    }

    /// <summary>Step 4: every host whose wishes changed in step 1, and those that use a changed Secret.</summary>
    public void MergeTls(IReadOnlySet<ResourceName> changedSecrets)
    {
        var touched = _fragments.TouchedTlsHosts;
        foreach (var fragment in changedSecrets.SelectMany(_fragments.OfSecret).DistinctBy(fragment => fragment.Name))
            touched.UnionWith(fragment.Tls.Select(wish => wish.Host));

        // Aliases after the hosts they stand for, whose certificate they get when it covers them.
        touched.UnionWith(_fragments.TouchedAliases);
        if (touched.Count > 0)
            touched.UnionWith(_aliases.Values.Where(alias => touched.Contains(alias.Target)).Select(alias => alias.Name).ToArray());
        foreach (var host in touched.OrderBy(_aliases.ContainsKey))
        {
            var merged = TlsMerge.Merge(host, _fragments.OfTlsHost(host), _snapshot.TlsSecrets);
            if ((merged.Binding ?? OfAlias(host)) is { } binding)
                _tls[host] = binding;
            else
                _tls.Remove(host);
            SetDiagnostics(_tlsDiagnostics, host, merged.Diagnostics);
        }
    }

    /// <summary>Step 5: our own replicas, when their Service changed.</summary>
    public void CountReplicas(IReadOnlySet<ResourceName> changedServices)
    {
        if (_previous.Settings.ReplicasService is { } service && changedServices.Contains(service))
            _replicas = ReplicaCount.Of(_snapshot.Endpoints.Of(service));
    }

    public Translation Finish()
    {
        var settings = _previous.Settings;
        var before = _previous.Table;
        // What the settings ask of all routes, whom they keep out above all, counts here too.
        var defaultRoute = before.DefaultRoute is { } kept && _global == _previous.Global ? kept : DefaultBackend.Route(settings.DefaultBackendService, SettingsAlone);
        var defaultCertificate = settings.DefaultSslCertificate is { } name
            && _snapshot.TlsSecrets.GetValueOrDefault(name)?.Certificate is { } certificate ? new TlsBinding("", name, certificate) : null;
        var fragments = _fragments.ToSet();
        return new Translation
        {
            Settings = settings,
            Snapshot = _snapshot,
            Table = new RoutingTable
            {
                Hosts = _hosts.ToImmutable(),
                Aliases = _aliases.ToImmutable(),
                Backends = _backends.ToImmutable(),
                TlsBindings = _tls.ToImmutable(),
                DefaultCertificate = defaultCertificate,
                DefaultRoute = defaultRoute,
                Replicas = _replicas,
            },
            Changes = new TableChanges(
                [.. _fragments.TouchedHosts.Where(host => before.Hosts.GetValueOrDefault(host) != _hosts.GetValueOrDefault(host))],
                [.. _fragments.TouchedBackends.Where(id => before.Backends.GetValueOrDefault(id) != _backends.GetValueOrDefault(id))],
                [.. _fragments.TouchedTlsHosts.Where(host => before.TlsBindings.GetValueOrDefault(host) != _tls.GetValueOrDefault(host))],
                [.. _fragments.TouchedAliases.Where(name => before.Aliases.GetValueOrDefault(name) != _aliases.GetValueOrDefault(name))],
                before.DefaultRoute != defaultRoute || before.DefaultCertificate != defaultCertificate,
                before.Replicas != _replicas),
            Global = _global,
            GlobalDiagnostics = _globalDiagnostics,
            Fragments = fragments,
            FaultyBackends = _faultyBackends.ToImmutable(),
            References = References(fragments.References),
            HostDiagnostics = _hostDiagnostics.ToImmutable(),
            AliasDiagnostics = _aliasDiagnostics.ToImmutable(),
            TlsDiagnostics = _tlsDiagnostics.ToImmutable(),
        };
    }

    private RoutePolicies SettingsAlone()
    {
        var policies = new PolicyContext(new V1Ingress(), _snapshot, _previous.Settings, _global, []).ReadPolicies();
        return policies with { All = [.. policies.All.Where(policy => policy is not (RedirectPolicy or TlsRedirectPolicy))] };
    }

    private ObjectReferences References(ObjectReferences ofFragments)
    {
        if (ReferenceEquals(ofFragments, _previous.Fragments.References) && !ReferenceEquals(_previous.References, ObjectReferences.None)
            && OperatorConfigMaps.Of(_global).SequenceEqual(OperatorConfigMaps.Of(_previous.Global)))
        {
            return _previous.References;
        }

        var settings = _previous.Settings;
        return new ObjectReferences(
            settings.DefaultSslCertificate is { } certificate ? ofFragments.Secrets.Add(certificate) : ofFragments.Secrets,
            (settings.ConfigMap is { } configMap ? ofFragments.ConfigMaps.Add(configMap) : ofFragments.ConfigMaps).Union(OperatorConfigMaps.Of(_global)));
    }

    private IngressFragment? Read(V1Ingress ingress)
    {
        if (_claim.IsOurs(ingress))
            return ReadOurs(ingress);
        if (!_claim.LacksOurClass(ingress))
            return null;
        return new IngressFragment
        {
            Name = ingress.ResourceName,
            Created = DateTime.MaxValue,
            IsClaimed = false,
            Diagnostics = [DiagnosticCatalog.IngressClassNotFound(ingress.ResourceName, ingress.Spec!.IngressClassName!)],
        };
    }

    /// <summary>An Ingress that we fail at is left out: what it said before may be open where it asks for protection now.</summary>
    private IngressFragment ReadOurs(V1Ingress ingress)
    {
        try
        {
            return IngressReader.Read(ingress, _snapshot, _previous.Settings, _global, _sharedPolicies);
        }
        catch (Exception error)
        {
            return new IngressFragment
            {
                Name = ingress.ResourceName,
                Created = ingress.Metadata?.CreationTimestamp ?? DateTime.MaxValue,
                Diagnostics = [DiagnosticCatalog.TranslationFailed(ingress.ResourceName, "it", error.GetType().Name, isLeftOut: true)],
            };
        }
    }

    private TlsBinding? OfAlias(string name) =>
        _aliases.TryGetValue(name, out var alias) && _tls.TryGetValue(alias.Target, out var target) && target.Certificate?.Covers(name) == true
            ? target with { Host = name }
            : null;

    private bool IsDefaultBackend(BackendId id) =>
        _previous.Settings.DefaultBackendService is { } service && DefaultBackend.Id(service) == id;

    private static void SetDiagnostics(
        ImmutableDictionary<string, EquatableArray<Diagnostic>>.Builder diagnostics, string host, EquatableArray<Diagnostic> found)
    {
        if (found.Count > 0)
            diagnostics[host] = found;
        else
            diagnostics.Remove(host);
    }
}
