using System.Collections.Immutable;
using IngressController.Routing.Table;

namespace IngressController.Routing.Translation;

/// <summary>
/// All fragments, indexed by the objects that they name, so that a change of a Secret or Service finds the affected ones. Persistent: a
/// change shares the rest.
/// </summary>
internal sealed record FragmentSet
{
    public static FragmentSet Empty { get; } = new();

    /// <summary>The claimed Ingresses, and those that only lack their IngressClass.</summary>
    public ImmutableDictionary<ResourceName, IngressFragment> Fragments { get; init; } = ImmutableDictionary<ResourceName, IngressFragment>.Empty;

    /// <summary>The fragments with diagnostics, so that collecting them costs nothing for the others.</summary>
    public ImmutableHashSet<ResourceName> Faulty { get; init; } = [];

    private ReverseIndex<string, ResourceName> ByHost { get; init; } = ReverseIndex<string, ResourceName>.Empty;

    private ReverseIndex<string, ResourceName> ByTlsHost { get; init; } = ReverseIndex<string, ResourceName>.Empty;

    private ReverseIndex<string, ResourceName> ByAlias { get; init; } = ReverseIndex<string, ResourceName>.Empty;

    private ReverseIndex<ResourceName, ResourceName> BySecret { get; init; } = ReverseIndex<ResourceName, ResourceName>.Empty;

    private ReverseIndex<ResourceName, ResourceName> ByConfigMap { get; init; } = ReverseIndex<ResourceName, ResourceName>.Empty;

    /// <summary>The objects that the fragments name.</summary>
    public ObjectReferences References { get; init; } = ObjectReferences.None;

    /// <summary>The users of the backends.</summary>
    public BackendUse Backends { get; init; } = BackendUse.Empty;

    /// <summary>The Ingresses that use a backend.</summary>
    public IEnumerable<IngressFragment> OfBackend(BackendId backend) => Backends.Ingresses(backend).Select(name => Fragments[name]);

    public Builder ToBuilder() => new(this);

    /// <summary>The set during one pass; it records the names that changes touch.</summary>
    public sealed class Builder(FragmentSet before)
    {
        private readonly ImmutableDictionary<ResourceName, IngressFragment>.Builder _fragments = before.Fragments.ToBuilder();
        private readonly ImmutableHashSet<ResourceName>.Builder _faulty = before.Faulty.ToBuilder();
        private readonly ReverseIndex<string, ResourceName>.Builder _byHost = before.ByHost.ToBuilder();
        private readonly ReverseIndex<string, ResourceName>.Builder _byTlsHost = before.ByTlsHost.ToBuilder();
        private readonly ReverseIndex<string, ResourceName>.Builder _byAlias = before.ByAlias.ToBuilder();
        private readonly ReverseIndex<ResourceName, ResourceName>.Builder _bySecret = before.BySecret.ToBuilder();
        private readonly ReverseIndex<ResourceName, ResourceName>.Builder _byConfigMap = before.ByConfigMap.ToBuilder();
        private readonly ImmutableHashSet<ResourceName>.Builder _secrets = before.References.Secrets.ToBuilder();
        private readonly ImmutableHashSet<ResourceName>.Builder _configMaps = before.References.ConfigMaps.ToBuilder();

        /// <summary>Hosts that a changed fragment has or had rules for.</summary>
        public HashSet<string> TouchedHosts { get; } = new(StringComparer.Ordinal);

        /// <summary>Hosts that a changed fragment wants or wanted a certificate for.</summary>
        public HashSet<string> TouchedTlsHosts { get; } = new(StringComparer.Ordinal);

        /// <summary>Names that a changed fragment wants or wanted as an alias.</summary>
        public HashSet<string> TouchedAliases { get; } = new(StringComparer.Ordinal);

        /// <summary>The users of the backends.</summary>
        public BackendUse.Builder Backends { get; } = before.Backends.ToBuilder();

        public IEnumerable<ResourceName> Names => _fragments.Keys;

        public bool UsesAlias(string name) => _byAlias.Contains(name);

        /// <summary>The Ingresses with rules for a host, canaries too, oldest first.</summary>
        public IngressFragment[] OfHost(string host) => OldestFirst(_byHost[host]);

        /// <summary>The Ingresses that want a name as an alias, oldest first.</summary>
        public IngressFragment[] OfAlias(string name) => OldestFirst(_byAlias[name]);

        /// <summary>The Ingresses that want a certificate for a host, oldest first.</summary>
        public IngressFragment[] OfTlsHost(string host) => OldestFirst(_byTlsHost[host]);

        /// <summary>The Ingresses that name a Secret.</summary>
        public IEnumerable<IngressFragment> OfSecret(ResourceName secret) => _bySecret[secret].Select(name => _fragments[name]);

        /// <summary>The Ingresses that name a ConfigMap.</summary>
        public IEnumerable<IngressFragment> OfConfigMap(ResourceName configMap) => _byConfigMap[configMap].Select(name => _fragments[name]);

        /// <summary>Replaces the fragment of a name; null removes it.</summary>
        public void Set(ResourceName name, IngressFragment? fragment)
        {
            _fragments.TryGetValue(name, out var old);
            if (old == fragment)
                return;
            if (old is not null)
                Remove(old);
            if (fragment is not null)
                Add(fragment);
        }

        public FragmentSet ToSet() => new()
        {
            Fragments = _fragments.ToImmutable(),
            Faulty = _faulty.ToImmutable(),
            ByHost = _byHost.ToIndex(),
            ByTlsHost = _byTlsHost.ToIndex(),
            ByAlias = _byAlias.ToIndex(),
            BySecret = _bySecret.ToIndex(),
            ByConfigMap = _byConfigMap.ToIndex(),
            References = before.References.With(_secrets.ToImmutable(), _configMaps.ToImmutable()),
            Backends = Backends.ToUse(),
        };

        private void Add(IngressFragment fragment)
        {
            _fragments[fragment.Name] = fragment;
            if (fragment.Diagnostics.Count > 0)
                _faulty.Add(fragment.Name);
            foreach (var host in fragment.Hosts)
            {
                _byHost.Add(host.Host, fragment.Name);
                TouchedHosts.Add(host.Host);
            }

            foreach (var alias in fragment.Aliases)
            {
                _byAlias.Add(alias.Name, fragment.Name);
                TouchedAliases.Add(alias.Name);
            }

            foreach (var contribution in fragment.Tls)
            {
                _byTlsHost.Add(contribution.Host, fragment.Name);
                TouchedTlsHosts.Add(contribution.Host);
            }

            foreach (var secret in fragment.Secrets)
            {
                _bySecret.Add(secret, fragment.Name);
                _secrets.Add(secret);
            }

            foreach (var configMap in fragment.PolicyConfigMaps)
            {
                _byConfigMap.Add(configMap, fragment.Name);
                _configMaps.Add(configMap);
            }

            foreach (var backend in fragment.Backends)
                Backends.Add(backend, fragment.Name);
        }

        private void Remove(IngressFragment fragment)
        {
            _fragments.Remove(fragment.Name);
            _faulty.Remove(fragment.Name);
            foreach (var host in fragment.Hosts)
            {
                _byHost.Remove(host.Host, fragment.Name);
                TouchedHosts.Add(host.Host);
            }

            foreach (var alias in fragment.Aliases)
            {
                _byAlias.Remove(alias.Name, fragment.Name);
                TouchedAliases.Add(alias.Name);
            }

            foreach (var contribution in fragment.Tls)
            {
                _byTlsHost.Remove(contribution.Host, fragment.Name);
                TouchedTlsHosts.Add(contribution.Host);
            }

            foreach (var secret in fragment.Secrets)
            {
                _bySecret.Remove(secret, fragment.Name);
                if (!_bySecret.Contains(secret))
                    _secrets.Remove(secret);
            }

            foreach (var configMap in fragment.PolicyConfigMaps)
            {
                _byConfigMap.Remove(configMap, fragment.Name);
                if (!_byConfigMap.Contains(configMap))
                    _configMaps.Remove(configMap);
            }

            foreach (var backend in fragment.Backends)
                Backends.Remove(backend, fragment.Name);
        }

        private IngressFragment[] OldestFirst(IReadOnlyCollection<ResourceName> names)
        {
            var fragments = names.Select(name => _fragments[name]).ToArray();
            Array.Sort(fragments, IngressFragment.CompareByAge);
            return fragments;
        }
    }
}
