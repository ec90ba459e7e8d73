using IngressController.Routing.Cluster;

namespace IngressController.Routing.Translation;

/// <summary>Cluster objects in, routing table and diagnostics out. Pure: the same snapshot gives the same table, always.</summary>
public static class RoutingTableTranslator
{
    /// <summary>Translates a snapshot from nothing.</summary>
    public static Translation Translate(ClusterSnapshot snapshot, TranslationSettings settings) =>
        Translate(Translation.Empty(settings), snapshot, ClusterChanges.Everything(snapshot));

    /// <summary>
    /// Translates a snapshot, reusing what <paramref name="changes"/> does not touch of the translation before. The result is the
    /// same as from nothing (a property test holds it to that); only the time differs.
    /// </summary>
    /// <param name="previous">The translation of the snapshot before.</param>
    /// <param name="snapshot">The snapshot now.</param>
    /// <param name="changes">At least every name whose object differs between the two.</param>
    public static Translation Translate(Translation previous, ClusterSnapshot snapshot, ClusterChanges changes)
    {
        var draft = new TranslationDraft(previous, snapshot);
        draft.ReadSettings(changes);
        draft.ReadIngresses(changes);
        draft.MergeHosts();
        draft.MergeAliases();
        draft.ResolveBackends(changes.Services);
        draft.MergeTls(changes.Secrets);
        draft.CountReplicas(changes.Services);
        return draft.Finish();
    }
}
