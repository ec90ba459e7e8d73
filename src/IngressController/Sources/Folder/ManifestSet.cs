using System.Collections.Immutable;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Folder;

/// <summary>
/// The objects of many manifests as one cluster: of several objects of one name the last one counts, as <c>kubectl apply</c> has it,
/// and without an IngressClass of our name one is taken as given.
/// </summary>
internal sealed class ManifestSet
{
    private readonly Dictionary<DiagnosticSubject, ManifestObject> _objects = [];

    private ManifestSet(ImmutableArray<ManifestProblem> duplicates) => Duplicates = duplicates;

    /// <summary>The IngressClass that is taken as given. Made once, as another object would be a change.</summary>
    public static V1IngressClass GivenClass(TranslationSettings settings) => new()
    {
        Kind = "IngressClass",
        Metadata = new V1ObjectMeta { Name = settings.IngressClass },
        Spec = new V1IngressClassSpec { Controller = settings.ControllerClass },
    };

    /// <summary>Objects that another one of the same name replaces.</summary>
    public ImmutableArray<ManifestProblem> Duplicates { get; }

    /// <summary>The objects that count, in the order of their manifests.</summary>
    public IEnumerable<ManifestObject> Objects => _objects.Values;

    /// <param name="objects">The objects in the order of their files.</param>
    /// <param name="givenClass">From <see cref="GivenClass"/>.</param>
    public static ManifestSet Of(IEnumerable<ManifestObject> objects, V1IngressClass givenClass)
    {
        var duplicates = ImmutableArray.CreateBuilder<ManifestProblem>();
        var winners = new Dictionary<DiagnosticSubject, ManifestObject>();
        foreach (var item in objects)
        {
            var subject = item.Subject;
            if (winners.Remove(subject, out var loser))
                duplicates.Add(new ManifestProblem(loser.File, loser.Line, Duplicate(subject, item)));
            winners.Add(subject, item);
        }

        var result = new ManifestSet(duplicates.ToImmutable());
        foreach (var (subject, item) in winners)
            result._objects.Add(subject, item);
        var given = new ManifestObject("(given)", 0, givenClass);
        result._objects.TryAdd(given.Subject, given);
        return result;
    }

    public IEnumerable<T> OfType<T>()
        where T : IKubernetesObject<V1ObjectMeta> => Objects.Select(item => item.Resource).OfType<T>();

    /// <summary>Where an object stands; null when it stands nowhere.</summary>
    public ManifestObject? Find(DiagnosticSubject subject) => _objects.GetValueOrDefault(subject);

    private static Diagnostic Duplicate(DiagnosticSubject subject, ManifestObject winner) => new(
        DiagnosticCode.ObjectUnreadable, DiagnosticSeverity.Warning, subject, "metadata.name",
        $"is also defined at {winner.File}:{winner.Line}, which takes precedence", DiagnosticEffect.ObjectIgnored);
}
