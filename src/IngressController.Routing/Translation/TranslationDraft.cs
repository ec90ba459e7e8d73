using System.Collections.Immutable;
using IngressController.Kubernetes.Models;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
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

    private readonly ImmutableDictionary<ResourceName, IngressFragment>.Builder _fragments;
    private readonly IngressIndex<string>.Builder _byHost;
    private readonly IngressIndex<string>.Builder _byTlsHost;
    private readonly IngressIndex<ResourceName>.Builder _bySecret;
    private readonly IngressIndex<BackendId>.Builder _byBackend;
    private readonly ImmutableDictionary<ResourceName, ImmutableHashSet<BackendId>>.Builder _byService;

    private readonly ImmutableDictionary<string, VirtualHost>.Builder _hosts;
    private readonly ImmutableDictionary<BackendId, Backend>.Builder _backends;
    private readonly ImmutableDictionary<string, TlsBinding>.Builder _tls;
    private readonly ImmutableDictionary<string, EquatableArray<Diagnostic>>.Builder _hostDiagnostics;
    private readonly ImmutableDictionary<string, EquatableArray<Diagnostic>>.Builder _tlsDiagnostics;

    private readonly HashSet<string> _touchedHosts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _touchedTlsHosts = new(StringComparer.Ordinal);
    private readonly HashSet<BackendId> _touchedBackends = [];

    public TranslationDraft(Translation previous, ClusterSnapshot snapshot)
    {
        _previous = previous;
        _snapshot = snapshot;
        _claim = new IngressClaim(previous.Settings, snapshot.IngressClasses);
        _fragments = previous.Fragments.ToBuilder();
        _byHost = previous.IngressesByHost.ToBuilder();
        _byTlsHost = previous.IngressesByTlsHost.ToBuilder();
        _bySecret = previous.IngressesBySecret.ToBuilder();
        _byBackend = previous.IngressesByBackend.ToBuilder();
        _byService = previous.BackendsByService.ToBuilder();
        _hosts = previous.Table.Hosts.ToBuilder();
        _backends = previous.Table.Backends.ToBuilder();
        _tls = previous.Table.TlsBindings.ToBuilder();
        _hostDiagnostics = previous.HostDiagnostics.ToBuilder();
        _tlsDiagnostics = previous.TlsDiagnostics.ToBuilder();
    }

    /// <summary>Step 1: the changed Ingresses, or all of them when a class changed and with it what is ours.</summary>
    public void ReadIngresses(ClusterChanges changes)
    {
        IEnumerable<ResourceName> names = changes.IngressClasses
            ? _snapshot.Ingresses.Keys.Concat(_fragments.Keys.Where(name => !_snapshot.Ingresses.ContainsKey(name)).ToArray())
            : changes.Ingresses;
        foreach (var name in names)
        {
            _fragments.TryGetValue(name, out var before);
            var after = _snapshot.Ingresses.TryGetValue(name, out var ingress) ? Read(ingress) : null;
            if (before is not null && before == after)
                continue;
            if (before is not null)
                Forget(before);
            if (after is not null)
                Remember(after);
        }
    }

    /// <summary>Step 2: every host that an Ingress read in step 1 has or had.</summary>
    public void MergeHosts()
    {
        foreach (var host in _touchedHosts)
        {
            if (!_byHost.Contains(host))
            {
                _hosts.Remove(host);
                _hostDiagnostics.Remove(host);
                continue;
            }

            var merged = HostMerge.Merge(host, OldestFirst(_byHost[host]));
            _hosts[host] = merged.VirtualHost;
            SetDiagnostics(_hostDiagnostics, host, merged.Diagnostics);
        }
    }

    /// <summary>Step 3: every backend that is used since step 1, and those of changed Services.</summary>
    public void ResolveBackends(IReadOnlySet<ResourceName> changedServices)
    {
        foreach (var service in changedServices)
        {
            if (_byService.TryGetValue(service, out var ids))
                _touchedBackends.UnionWith(ids);
        }

        if (_previous.Settings.DefaultBackendService is { } defaultService
            && (changedServices.Contains(defaultService) || !_backends.ContainsKey(DefaultBackend.Id(defaultService))))
        {
            _touchedBackends.Add(DefaultBackend.Id(defaultService));
        }

        foreach (var id in _touchedBackends)
        {
            if (_byBackend.Contains(id) || IsDefaultBackend(id))
                _backends[id] = BackendResolver.Resolve(id, _snapshot, _previous.Settings);
            else
                _backends.Remove(id);
        }
    }

    /// <summary>Step 4: every host whose wishes changed in step 1, and those that use a changed Secret.</summary>
    public void MergeTls(IReadOnlySet<ResourceName> changedSecrets)
    {
        foreach (var ingress in changedSecrets.SelectMany(secret => _bySecret[secret]).Distinct())
            _touchedTlsHosts.UnionWith(_fragments[ingress].Tls.Select(wish => wish.Host));

        foreach (var host in _touchedTlsHosts)
        {
            var merged = TlsMerge.Merge(host, OldestFirst(_byTlsHost[host]), _snapshot.TlsSecrets);
            if (merged.Binding is { } binding)
                _tls[host] = binding;
            else
                _tls.Remove(host);
            SetDiagnostics(_tlsDiagnostics, host, merged.Diagnostics);
        }
    }

    public Translation Finish()
    {
        var settings = _previous.Settings;
        var defaultRoute = DefaultBackend.Route(settings.DefaultBackendService);
        var defaultCertificate = settings.DefaultSslCertificate is { } name
            && _snapshot.TlsSecrets.GetValueOrDefault(name)?.Certificate is { } certificate ? new TlsBinding("", name, certificate) : null;
        var before = _previous.Table;
        return new Translation
        {
            Settings = settings,
            Snapshot = _snapshot,
            Table = new RoutingTable
            {
                Hosts = _hosts.ToImmutable(),
                Backends = _backends.ToImmutable(),
                TlsBindings = _tls.ToImmutable(),
                DefaultCertificate = defaultCertificate,
                DefaultRoute = defaultRoute,
            },
            Changes = new TableChanges(
                [.. _touchedHosts.Where(host => before.Hosts.GetValueOrDefault(host) != _hosts.GetValueOrDefault(host))],
                [.. _touchedBackends.Where(id => before.Backends.GetValueOrDefault(id) != _backends.GetValueOrDefault(id))],
                [.. _touchedTlsHosts.Where(host => before.TlsBindings.GetValueOrDefault(host) != _tls.GetValueOrDefault(host))],
                before.DefaultRoute != defaultRoute || before.DefaultCertificate != defaultCertificate),
            Fragments = _fragments.ToImmutable(),
            IngressesByHost = _byHost.ToIndex(),
            IngressesByTlsHost = _byTlsHost.ToIndex(),
            IngressesBySecret = _bySecret.ToIndex(),
            IngressesByBackend = _byBackend.ToIndex(),
            BackendsByService = _byService.ToImmutable(),
            HostDiagnostics = _hostDiagnostics.ToImmutable(),
            TlsDiagnostics = _tlsDiagnostics.ToImmutable(),
        };
    }

    private IngressFragment? Read(V1Ingress ingress)
    {
        if (_claim.IsOurs(ingress))
            return IngressReader.Read(ingress);
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

    private void Remember(IngressFragment fragment)
    {
        _fragments[fragment.Name] = fragment;
        foreach (var host in fragment.Hosts)
        {
            _byHost.Add(host.Host, fragment.Name);
            _touchedHosts.Add(host.Host);
        }

        foreach (var wish in fragment.Tls)
        {
            _byTlsHost.Add(wish.Host, fragment.Name);
            if (wish.Secret is { } secret)
                _bySecret.Add(secret, fragment.Name);
            _touchedTlsHosts.Add(wish.Host);
        }

        foreach (var backend in fragment.Backends)
        {
            _byBackend.Add(backend, fragment.Name);
            _byService[backend.Service] = _byService.GetValueOrDefault(backend.Service, []).Add(backend);
            if (!_backends.ContainsKey(backend))
                _touchedBackends.Add(backend);
        }
    }

    private void Forget(IngressFragment fragment)
    {
        _fragments.Remove(fragment.Name);
        foreach (var host in fragment.Hosts)
        {
            _byHost.Remove(host.Host, fragment.Name);
            _touchedHosts.Add(host.Host);
        }

        foreach (var wish in fragment.Tls)
        {
            _byTlsHost.Remove(wish.Host, fragment.Name);
            if (wish.Secret is { } secret)
                _bySecret.Remove(secret, fragment.Name);
            _touchedTlsHosts.Add(wish.Host);
        }

        foreach (var backend in fragment.Backends)
        {
            _byBackend.Remove(backend, fragment.Name);
            if (_byBackend.Contains(backend))
                continue;
            _touchedBackends.Add(backend);
            var left = _byService[backend.Service].Remove(backend);
            if (left.IsEmpty)
                _byService.Remove(backend.Service);
            else
                _byService[backend.Service] = left;
        }
    }

    private IngressFragment[] OldestFirst(IReadOnlyCollection<ResourceName> names)
    {
        var fragments = names.Select(name => _fragments[name]).ToArray();
        Array.Sort(fragments, IngressFragment.CompareByAge);
        return fragments;
    }

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
