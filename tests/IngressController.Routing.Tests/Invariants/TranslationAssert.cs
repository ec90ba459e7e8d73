using IngressController.Routing.Tests.Golden;
using IngressController.Routing.Translation;

namespace IngressController.Routing.Tests.Invariants;

/// <summary>The requirements on any two translations, one made from the other.</summary>
internal static class TranslationAssert
{
    /// <summary>The incremental result equals the full one, and its changes name exactly the differences from the previous one.</summary>
    public static void Incremental(Routing.Translation.Translation before, Routing.Translation.Translation after)
    {
        var fromNothing = RoutingTableTranslator.Translate(after.Snapshot, after.Settings);
        Assert.Equal(TableRenderer.Render(fromNothing), TableRenderer.Render(after));
        Assert.Equal(fromNothing.ClaimedIngresses, after.ClaimedIngresses);

        Assert.Equal(Differing(before.Table.Hosts, after.Table.Hosts), after.Changes.Hosts.ToHashSet());
        Assert.Equal(Differing(before.Table.Backends, after.Table.Backends), after.Changes.Backends.ToHashSet());
        Assert.Equal(Differing(before.Table.TlsBindings, after.Table.TlsBindings), after.Changes.TlsHosts.ToHashSet());
        Assert.Equal(
            before.Table.DefaultRoute != after.Table.DefaultRoute || before.Table.DefaultCertificate != after.Table.DefaultCertificate,
            after.Changes.Defaults);
        Assert.Equal(before.Table.Replicas != after.Table.Replicas, after.Changes.Replicas);
    }

    private static HashSet<TKey> Differing<TKey, TValue>(IReadOnlyDictionary<TKey, TValue> before, IReadOnlyDictionary<TKey, TValue> after)
        where TValue : class => [.. before.Keys.Union(after.Keys).Where(key => !Equals(before.GetValueOrDefault(key), after.GetValueOrDefault(key)))];
}
