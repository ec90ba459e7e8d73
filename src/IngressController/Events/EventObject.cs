using System.Collections.Immutable;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using k8s;
using k8s.Models;

namespace IngressController.Events;

/// <summary>The object that Events are about, as the snapshot has it.</summary>
/// <param name="Subject">Its kind and name.</param>
/// <param name="Uid">Its UID; null for an object that does not exist or of which only the name is known.</param>
/// <param name="ResourceVersion">Its version; null like <paramref name="Uid"/>.</param>
/// <param name="Fingerprint">A hash that changes when the owner changes the object, but not with its status.</param>
/// <param name="IsServed">True if this controller still serves the object and may report that its problems are resolved.</param>
internal sealed record EventObject(DiagnosticSubject Subject, string? Uid, string? ResourceVersion, int Fingerprint, bool IsServed)
{
    /// <summary>Returns an object of a live translation. Of an object that it does not contain, only the name is known.</summary>
    public static EventObject Find(Translation live, DiagnosticSubject subject)
    {
        var (snapshot, name) = (live.Snapshot, subject.Name);
        return subject.Kind switch
        {
            "Ingress" when snapshot.Ingresses.TryGetValue(name, out var ingress) =>
                Of(subject, ingress, FingerprintOf(ingress.Metadata), live.Claims(name)),
            "Service" => Of(subject, snapshot.Services.GetValueOrDefault(name)),
            "ConfigMap" => Of(subject, snapshot.ConfigMaps.GetValueOrDefault(name)),
            "IngressClass" => Of(subject, snapshot.IngressClasses.GetValueOrDefault(name.Name)),
            "Secret" when snapshot.TlsSecrets.TryGetValue(name, out var secret) => new(subject, secret.Uid, null, 0, secret.Uid is not null),
            "Secret" => Of(subject, snapshot.Secrets.GetValueOrDefault(name)),
            _ => new(subject, null, null, 0, IsServed: false),
        };
    }

    private static EventObject Of(DiagnosticSubject subject, IKubernetesObject<V1ObjectMeta>? item) =>
        Of(subject, item, item?.Metadata?.ResourceVersion?.GetHashCode(StringComparison.Ordinal) ?? 0, isServed: item is not null);

    private static EventObject Of(DiagnosticSubject subject, IKubernetesObject<V1ObjectMeta>? item, int fingerprint, bool isServed) =>
        new(subject, item?.Metadata?.Uid, item?.Metadata?.ResourceVersion, fingerprint, isServed);

    /// <summary>
    /// Returns a hash of generation and annotations: the API server counts changes of the spec in the generation, but not of annotations.
    /// </summary>
    private static int FingerprintOf(V1ObjectMeta? metadata)
    {
        var annotations = 0;
        foreach (var annotation in metadata?.Annotations ?? ImmutableDictionary<string, string>.Empty)
            annotations ^= HashCode.Combine(annotation.Key, annotation.Value); // in any order
        return HashCode.Combine(metadata?.Generation, annotations);
    }
}
