using IngressController.Routing.Cluster;

namespace IngressController.Routing.Translation;

/// <summary>Translates cluster objects to a routing table and diagnostics. Pure: the same snapshot always gives the same table.</summary>
public static class RoutingTableTranslator
{
    /// <summary>Translates a snapshot in full.</summary>
    public static Translation Translate(ClusterSnapshot snapshot, TranslationSettings settings) =>
        Translate(Translation.Empty(settings), snapshot, ClusterChanges.Everything(snapshot));

    /// <summary>
    /// Translates a snapshot incrementally, reusing the parts of the previous translation that <paramref name="changes"/> does not touch.
    /// The result equals that of a full translation, which a property test verifies.
    /// </summary>
    /// <param name="previous">The translation of the previous snapshot.</param>
    /// <param name="snapshot">The current snapshot.</param>
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
