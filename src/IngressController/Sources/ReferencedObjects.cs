using System.Collections.Immutable;
using IngressController.Routing.Translation;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>
/// The Secrets and ConfigMaps that translation references. The reconcile loop requests them; a source that fetches no others registers
/// fetchers here. Without fetchers, as with a source that reads everything, there is nothing to wait for.
/// </summary>
internal sealed class ReferencedObjects
{
    private NamedObjects<V1Secret>? _secrets;
    private NamedObjects<V1ConfigMap>? _configMaps;
    private ObjectReferences _requested = ObjectReferences.None;

    /// <summary>The requested objects that have not been fetched yet, with the failure if there is one, as text for people.</summary>
    public ImmutableArray<string> Pending => [.. (_secrets?.Pending ?? []).Concat(_configMaps?.Pending ?? [])];

    /// <summary>Registers the fetchers. Must be called before any source runs.</summary>
    public void UseFetchers(NamedObjects<V1Secret> secrets, NamedObjects<V1ConfigMap> configMaps) =>
        (_secrets, _configMaps) = (secrets, configMaps);

    /// <summary>
    /// Requests objects and removes all others from the store. With the same instance as before it does nothing.
    /// </summary>
    /// <param name="references">All requested objects.</param>
    /// <param name="waitForAll">True to wait for all objects that were never fetched, false to wait only for newly requested ones.</param>
    /// <returns>A task that completes when these objects are fetched, or known to be missing or unreadable.</returns>
    public Task RequestAsync(ObjectReferences references, bool waitForAll)
    {
        if (ReferenceEquals(references, _requested) && !waitForAll)
            return Task.CompletedTask;
        _requested = references;
        var secrets = _secrets?.RequestAsync(references.Secrets, waitForAll) ?? Task.CompletedTask;
        var configMaps = _configMaps?.RequestAsync(references.ConfigMaps, waitForAll) ?? Task.CompletedTask;
        return secrets.IsCompleted ? configMaps : configMaps.IsCompleted ? secrets : Task.WhenAll(secrets, configMaps);
    }
}
