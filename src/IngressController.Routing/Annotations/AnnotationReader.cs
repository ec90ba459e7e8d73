using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Annotations;

/// <summary>
/// The only reader of <c>metadata.annotations</c>: finds a key under any prefix and name, reports what is wrong with its value, and
/// remembers what was used for <c>explain</c>.
/// </summary>
public sealed class AnnotationReader
{
    private readonly ResourceName _ingress;
    private readonly List<Diagnostic> _diagnostics;

    /// <summary>The annotations under our prefixes, the first prefix first.</summary>
    private readonly List<(string Prefix, string Name, string Text)> _set = [];

    private readonly List<PolicySource> _sources = [];

    /// <summary>How many unknown names get the nearest known one: finding it is slow, and an Ingress has room for thousands.</summary>
    private int _nearestLeft = 20;

    private AnnotationReader(ResourceName ingress, List<Diagnostic> diagnostics)
    {
        _ingress = ingress;
        _diagnostics = diagnostics;
    }

    /// <summary>Whether any annotation is set that the catalogue could know.</summary>
    public bool IsEmpty => _set.Count == 0;

    /// <summary>Why the paths of the Ingress answer 503; null when they are open.</summary>
    public string? ClosedReason { get; private set; }

    /// <summary>What was read, in the order of reading.</summary>
    public IReadOnlyList<PolicySource> Sources => _sources;

    /// <summary>Sorts out the annotations of an Ingress; those that nobody could read are reported here.</summary>
    /// <param name="ingress">The Ingress.</param>
    /// <param name="prefixes">Without slash; the first goes before the others.</param>
    /// <param name="diagnostics">Where problems go.</param>
    public static AnnotationReader Of(V1Ingress ingress, EquatableArray<string> prefixes, List<Diagnostic> diagnostics)
    {
        var reader = new AnnotationReader(ingress.ResourceName, diagnostics);
        if (ingress.Metadata?.Annotations is not { Count: > 0 } annotations)
            return reader;
        foreach (var prefix in prefixes)
        {
            foreach (var (full, text) in annotations.OrderBy(annotation => annotation.Key, StringComparer.Ordinal))
            {
                if (full.Length > prefix.Length && full[prefix.Length] == '/' && full.StartsWith(prefix, StringComparison.Ordinal))
                    reader._set.Add((prefix, full[(prefix.Length + 1)..], text ?? ""));
            }
        }

        foreach (var (prefix, name, text) in reader._set)
            reader.Sort(prefix, name, text);
        return reader;
    }

    /// <summary>The class that an Ingress names by the annotation from before <c>spec.ingressClassName</c>; null when it names none.</summary>
    public static string? LegacyClass(V1Ingress ingress) =>
        ingress.Metadata?.Annotations?.Find("kubernetes.io/ingress.class") is { Length: > 0 } name ? name : null;

    /// <summary>Whether a class is the one for Ingresses that name none.</summary>
    public static bool IsDefaultClass(V1IngressClass ingressClass) =>
        ingressClass.Metadata?.Annotations?.Find(KubernetesVocabulary.IsDefaultClassAnnotation) == "true";

    /// <summary>
    /// The value of a key; false when it is not set, is empty or cannot be understood. The last is reported, and closes the route where
    /// the key protects something.
    /// </summary>
    public bool TryRead<T>(AnnotationKey<T> key, out T value)
    {
        value = default!;
        if (Find(key) is not { } found)
            return false;
        var parsed = key.Form.Read(found.Text);
        if (parsed.Problem is { } problem)
        {
            Refuse(key, found, problem);
            return false;
        }

        value = parsed.Value;
        _sources.Add(new PolicySource(key.Name, found.Text.Trim(), $"annotation {found.FullName}"));
        return true;
    }

    /// <summary>The value of a key, or <paramref name="otherwise"/>.</summary>
    public T Read<T>(AnnotationKey<T> key, T otherwise) => TryRead(key, out var value) ? value : otherwise;

    /// <summary>Whether a key is set, to whatever.</summary>
    public bool IsSet(AnnotationKey key) => Find(key) is not null;

    /// <summary>The field path of a key that is set, for diagnostics.</summary>
    public string FieldOf(AnnotationKey key) => Field(Find(key)?.FullName ?? key.Name);

    /// <summary>Reports that a value, though well formed, cannot be used; the paths answer 503 where the key protects something.</summary>
    public void Refuse(AnnotationKey key, string problem)
    {
        if (Find(key) is { } found)
            Refuse(key, found, problem);
    }

    /// <summary>Reports something about a key that is set.</summary>
    public void Report(AnnotationKey key, Func<ResourceName, string, Diagnostic> diagnostic) => _diagnostics.Add(diagnostic(_ingress, FieldOf(key)));

    private void Refuse(AnnotationKey key, Found found, string problem)
    {
        var closes = key.OnBadValue == OnBadValue.CloseRoute;
        _diagnostics.Add(DiagnosticCatalog.AnnotationInvalid(_ingress, Field(found.FullName), found.Text.Trim(), problem, closes, key.Default));
        if (closes)
            ClosedReason ??= $"annotation {found.FullName} cannot be used";
    }

    private Found? Find(AnnotationKey key)
    {
        foreach (var (prefix, name, text) in _set)
        {
            // Empty means not set, as in ingress-nginx.
            if (key.Names.Contains(name) && !string.IsNullOrWhiteSpace(text))
                return new Found($"{prefix}/{name}", text);
        }

        return null;
    }

    /// <summary>Reports an annotation that is unknown, without effect here, or set twice.</summary>
    private void Sort(string prefix, string name, string text)
    {
        var field = Field($"{prefix}/{name}");
        if (AnnotationCatalog.Find(name) is not { } key)
        {
            _diagnostics.Add(DiagnosticCatalog.AnnotationUnknown(_ingress, field, _nearestLeft-- > 0 ? AnnotationCatalog.Nearest(name) : null));
            return;
        }

        if (string.IsNullOrWhiteSpace(text))
            return;
        if (Find(key) is { } winner && winner.FullName != $"{prefix}/{name}")
            _diagnostics.Add(DiagnosticCatalog.AnnotationOverridden(_ingress, field, winner.FullName));
        else if (key.Support is AnnotationSupport.Never never)
            _diagnostics.Add(DiagnosticCatalog.AnnotationUnsupported(_ingress, field, never.Instead, AnnotationCatalog.MayProtect(text)));
        else if (key.Support is AnnotationSupport.NotYet)
            ReportNotYet(key, $"{prefix}/{name}");
    }

    private void ReportNotYet(AnnotationKey key, string fullName)
    {
        var closes = key.OnBadValue == OnBadValue.CloseRoute;
        _diagnostics.Add(DiagnosticCatalog.AnnotationNotYetSupported(_ingress, Field(fullName), closes));
        if (closes)
            ClosedReason ??= $"annotation {fullName} is not supported yet";
    }

    private static string Field(string fullName) => $"metadata.annotations[{fullName}]";

    private readonly record struct Found(string FullName, string Text);
}
