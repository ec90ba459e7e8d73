using System.Collections.Immutable;
using IngressController.Routing.Translation;
using k8s.Models;

namespace IngressController.Sources;

/// <summary>
/// Where the reconcile loop says which Secrets and ConfigMaps translation looks for, and a source that reads no others hears it. A
/// source that holds everything anyway leaves it alone, and so there is never anything to wait for.
/// </summary>
internal sealed class ReferencedObjects
{
    private NamedObjects<V1Secret>? _secrets;
    private NamedObjects<V1ConfigMap>? _configMaps;
    private ObjectReferences _wanted = ObjectReferences.None;

    /// <summary>What is looked for and has not come yet, with the reason where there is one, for people.</summary>
    public ImmutableArray<string> Awaited => [.. (_secrets?.Awaited ?? []).Concat(_configMaps?.Awaited ?? [])];

    /// <summary>Fetches through these from now on. Call before any source runs.</summary>
    public void FetchThrough(NamedObjects<V1Secret> secrets, NamedObjects<V1ConfigMap> configMaps) =>
        (_secrets, _configMaps) = (secrets, configMaps);

    /// <summary>
    /// Says what is looked for from now on; what is not among it leaves the store. While it is the same object this costs nothing.
    /// </summary>
    /// <param name="references">Everything that is looked for.</param>
    /// <param name="waitForAll">Whether to wait for all that has never come, not only for what is named for the first time.</param>
    /// <returns>Completes when what is waited for has come, or is known not to exist or not to be readable.</returns>
    public Task Want(ObjectReferences references, bool waitForAll)
    {
        if (ReferenceEquals(references, _wanted) && !waitForAll)
            return Task.CompletedTask;
        _wanted = references;
        var secrets = _secrets?.Want(references.Secrets, waitForAll) ?? Task.CompletedTask;
        var configMaps = _configMaps?.Want(references.ConfigMaps, waitForAll) ?? Task.CompletedTask;
        return secrets.IsCompleted ? configMaps : configMaps.IsCompleted ? secrets : Task.WhenAll(secrets, configMaps);
    }
}
