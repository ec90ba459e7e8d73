using System.Collections.Immutable;

namespace IngressController.Routing.Translation;

/// <summary>The values that concern a key, for example the Ingresses with rules for a host. Persistent: a change shares the rest.</summary>
internal sealed class ReverseIndex<TKey, TValue>(ImmutableDictionary<TKey, ImmutableHashSet<TValue>> entries)
    where TKey : notnull
{
    public static ReverseIndex<TKey, TValue> Empty { get; } = new(ImmutableDictionary<TKey, ImmutableHashSet<TValue>>.Empty);

    public ImmutableHashSet<TValue> this[TKey key] => entries.GetValueOrDefault(key, []);

    public Builder ToBuilder() => new(entries.ToBuilder());

    public sealed class Builder(ImmutableDictionary<TKey, ImmutableHashSet<TValue>>.Builder entries)
    {
        public bool Contains(TKey key) => entries.ContainsKey(key);

        public ImmutableHashSet<TValue> this[TKey key] => entries.GetValueOrDefault(key, []);

        public void Add(TKey key, TValue value) =>
            entries[key] = entries.TryGetValue(key, out var values) ? values.Add(value) : [value];

        public void Remove(TKey key, TValue value)
        {
            if (!entries.TryGetValue(key, out var values))
                return;
            var left = values.Remove(value);
            if (left.IsEmpty)
                entries.Remove(key);
            else
                entries[key] = left;
        }

        public ReverseIndex<TKey, TValue> ToIndex() => new(entries.ToImmutable());
    }
}
