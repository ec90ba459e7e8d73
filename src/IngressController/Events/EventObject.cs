using System.Collections.Immutable;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using k8s;
using k8s.Models;

namespace IngressController.Events;

/// <summary>The object that Events are about, as far as the snapshot knows it.</summary>
/// <param name="Subject">Its kind and name.</param>
/// <param name="Uid">Who it is; null for one that does not exist, or of which no more than the name is known.</param>
/// <param name="ResourceVersion">Its version; null like <paramref name="Uid"/>.</param>
/// <param name="Edition">Differs when its owner has changed it. Writes of its status do not count.</param>
/// <param name="IsServed">Whether it is still ours to say that nothing is wrong with it.</param>
internal sealed record EventObject(DiagnosticSubject Subject, string? Uid, string? ResourceVersion, int Edition, bool IsServed)
{
    /// <summary>The object of a live translation, or what is known of one that is missing in it.</summary>
    public static EventObject Find(Translation live, DiagnosticSubject subject)
    {
        var (snapshot, name) = (live.Snapshot, subject.Name);
        return subject.Kind switch
        {
            "Ingress" when snapshot.Ingresses.TryGetValue(name, out var ingress) =>
                Of(subject, ingress, EditionOf(ingress.Metadata), live.Claims(name)),
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

    private static EventObject Of(DiagnosticSubject subject, IKubernetesObject<V1ObjectMeta>? item, int edition, bool isServed) =>
        new(subject, item?.Metadata?.Uid, item?.Metadata?.ResourceVersion, edition, isServed);

    /// <summary>The API server counts changes of the spec in the generation; annotations it does not count.</summary>
    private static int EditionOf(V1ObjectMeta? metadata)
    {
        var annotations = 0;
        foreach (var annotation in metadata?.Annotations ?? ImmutableDictionary<string, string>.Empty)
            annotations ^= HashCode.Combine(annotation.Key, annotation.Value); // in any order
        return HashCode.Combine(metadata?.Generation, annotations);
    }
}
