using System.Collections.Immutable;
using IngressController.Routing.Cluster;

namespace IngressController.Routing.Translation;

/// <summary>Which Ingresses concern a key (a host, a backend, a Secret). Persistent: a change shares the rest.</summary>
internal sealed class IngressIndex<TKey>(ImmutableDictionary<TKey, ImmutableHashSet<ResourceName>> entries)
    where TKey : notnull
{
    public static IngressIndex<TKey> Empty { get; } = new(ImmutableDictionary<TKey, ImmutableHashSet<ResourceName>>.Empty);

    public IEnumerable<TKey> Keys => entries.Keys;

    public ImmutableHashSet<ResourceName> this[TKey key] => entries.GetValueOrDefault(key, []);

    public bool Contains(TKey key) => entries.ContainsKey(key);

    public Builder ToBuilder() => new(entries.ToBuilder());

    public sealed class Builder(ImmutableDictionary<TKey, ImmutableHashSet<ResourceName>>.Builder entries)
    {
        public bool Contains(TKey key) => entries.ContainsKey(key);

        public ImmutableHashSet<ResourceName> this[TKey key] => entries.GetValueOrDefault(key, []);

        public void Add(TKey key, ResourceName ingress) =>
            entries[key] = entries.TryGetValue(key, out var names) ? names.Add(ingress) : [ingress];

        public void Remove(TKey key, ResourceName ingress)
        {
            if (!entries.TryGetValue(key, out var names))
                return;
            var left = names.Remove(ingress);
            if (left.IsEmpty)
                entries.Remove(key);
            else
                entries[key] = left;
        }

        public IngressIndex<TKey> ToIndex() => new(entries.ToImmutable());
    }
}
