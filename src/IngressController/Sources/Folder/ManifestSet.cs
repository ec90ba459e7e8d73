using System.Collections.Immutable;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Folder;

/// <summary>
/// The objects of many manifests as one cluster. Of several objects with one name the last one applies, as with <c>kubectl apply</c>.
/// If no IngressClass has the controller's class name, an implicit one is added.
/// </summary>
internal sealed class ManifestSet
{
    private readonly Dictionary<DiagnosticSubject, ManifestObject> _objects = [];

    private ManifestSet(ImmutableArray<ManifestProblem> duplicates) => Duplicates = duplicates;

    /// <summary>Creates the implicit IngressClass. Sources create it once, because another instance would be a change.</summary>
    public static V1IngressClass ImplicitClass(TranslationSettings settings) => new()
    {
        Kind = "IngressClass",
        Metadata = new V1ObjectMeta { Name = settings.IngressClass },
        Spec = new V1IngressClassSpec { Controller = settings.ControllerClass },
    };

    /// <summary>The objects that a later object with the same name replaces.</summary>
    public ImmutableArray<ManifestProblem> Duplicates { get; }

    /// <summary>The objects that apply, in the order of their manifests.</summary>
    public IEnumerable<ManifestObject> Objects => _objects.Values;

    /// <param name="objects">The objects in the order of their files.</param>
    /// <param name="implicitClass">From <see cref="ImplicitClass"/>.</param>
    public static ManifestSet Of(IEnumerable<ManifestObject> objects, V1IngressClass implicitClass)
    {
        var duplicates = ImmutableArray.CreateBuilder<ManifestProblem>();
        var latest = new Dictionary<DiagnosticSubject, ManifestObject>();
        foreach (var item in objects)
        {
            var subject = item.Subject;
            if (latest.Remove(subject, out var replaced))
                duplicates.Add(new ManifestProblem(replaced.File, replaced.Line, Duplicate(subject, item)));
            latest.Add(subject, item);
        }

        var result = new ManifestSet(duplicates.ToImmutable());
        foreach (var (subject, item) in latest)
            result._objects.Add(subject, item);
        var implicitObject = new ManifestObject("(implicit)", 0, implicitClass);
        result._objects.TryAdd(implicitObject.Subject, implicitObject);
        return result;
    }

    public IEnumerable<T> OfType<T>()
        where T : IKubernetesObject<V1ObjectMeta> => Objects.Select(item => item.Resource).OfType<T>();

    /// <summary>Returns the object with its file and line; null when no manifest contains it.</summary>
    public ManifestObject? Find(DiagnosticSubject subject) => _objects.GetValueOrDefault(subject);

    private static Diagnostic Duplicate(DiagnosticSubject subject, ManifestObject winner) => new(
        DiagnosticCode.ObjectUnreadable, DiagnosticSeverity.Warning, subject, "metadata.name",
        $"is also defined at {winner.File}:{winner.Line}, which takes precedence", DiagnosticEffect.ObjectIgnored);
}
