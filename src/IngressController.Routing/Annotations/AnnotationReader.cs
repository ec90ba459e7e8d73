using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Annotations;

/// <summary>
/// The only reader of <c>metadata.annotations</c>: finds a key under any prefix and name, reports an invalid value, and records the applied values
/// for <c>explain</c>.
/// </summary>
public sealed class AnnotationReader
{
    private readonly ResourceName _ingress;
    private readonly AnnotationCatalog _catalog;
    private readonly List<Diagnostic> _diagnostics;
    private readonly Func<string, string?> _settingText;

    /// <summary>The annotations under the read prefixes, in order of the prefixes.</summary>
    private readonly List<(string Prefix, string Name, string Text)> _set = [];

    private readonly List<PolicySource> _sources = [];

    /// <summary>
    /// The number of unknown names that still get the nearest known one: finding it is slow, and an Ingress can have thousands.
    /// </summary>
    private int _nearestLeft = 20;

    private AnnotationReader(ResourceName ingress, AnnotationCatalog catalog, Func<string, string?> settingText, List<Diagnostic> diagnostics)
    {
        _settingText = settingText;
        _ingress = ingress;
        _catalog = catalog;
        _diagnostics = diagnostics;
    }

    /// <summary>True if no annotation under a read prefix is set.</summary>
    public bool IsEmpty => _set.Count == 0;

    /// <summary>True if the Ingress is a canary: it has no effect but on requests of other Ingresses.</summary>
    public bool IsCanary { get; private set; }

    /// <summary>The reason why the paths of the Ingress answer 503; null when they do not.</summary>
    public string? ClosedReason { get; private set; }

    /// <summary>The values read, in the order of reading.</summary>
    public IReadOnlyList<PolicySource> Sources => _sources;

    /// <summary>Reads the annotations of an Ingress and reports those that are unknown, unsupported or overridden.</summary>
    /// <param name="ingress">The Ingress.</param>
    /// <param name="catalog">The known annotations.</param>
    /// <param name="prefixes">The prefixes without slash; an earlier one takes precedence over later ones.</param>
    /// <param name="settingText">The value of a setting as it was written; null when it has its default.</param>
    /// <param name="diagnostics">Receives the problems.</param>
    public static AnnotationReader Of(
        V1Ingress ingress, AnnotationCatalog catalog, EquatableArray<string> prefixes, Func<string, string?> settingText, List<Diagnostic> diagnostics)
    {
        var reader = new AnnotationReader(ingress.ResourceName, catalog, settingText, diagnostics);
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

        reader.IsCanary = catalog.CanarySwitch is { } key && reader.Find(key) is { } found && key.Form.Read(found.Text) is { Problem: null, Value: true };
        foreach (var (prefix, name, text) in reader._set)
            reader.Sort(prefix, name, text);
        // Sorted, so that the same ones are named when there are too many.
        foreach (var full in annotations.Keys.Order(StringComparer.Ordinal))
        {
            if (reader._nearestLeft > 0 && NearPrefix.Find(full, prefixes, catalog) is { } nearest)
            {
                reader._nearestLeft--;
                diagnostics.Add(DiagnosticCatalog.AnnotationPrefixUnknown(reader._ingress, Field(full), nearest));
            }
        }

        return reader;
    }

    /// <summary>The class in the annotation that preceded <c>spec.ingressClassName</c>; null when there is none.</summary>
    public static string? LegacyClass(V1Ingress ingress) =>
        ingress.Metadata?.Annotations?.Find(NearPrefix.ClassAnnotation) is { Length: > 0 } name ? name : null;

    /// <summary>The misspelt annotation by which an Ingress without a class probably names a class; null when there is none.</summary>
    public static string? MisspeltClass(V1Ingress ingress, string name) => ingress.Metadata?.Annotations?
        .Where(annotation => annotation.Value == name && NearPrefix.IsClassAnnotation(annotation.Key))
        .Select(annotation => annotation.Key).Order(StringComparer.Ordinal).FirstOrDefault();

    /// <summary>True if a class is the default for Ingresses without a class.</summary>
    public static bool IsDefaultClass(V1IngressClass ingressClass) =>
        ingressClass.Metadata?.Annotations?.Find(KubernetesVocabulary.IsDefaultClassAnnotation) == "true";

    /// <summary>
    /// Reads the value of a key. Returns false when it is not set, empty or invalid; an invalid value is reported, and fails closed if the
    /// key protects something.
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
        _sources.Add(PolicySource.OfAnnotation(key.Name, found.Text.Trim(), found.FullName));
        return true;
    }

    /// <summary>The value of a key, or <paramref name="otherwise"/>.</summary>
    public T Read<T>(AnnotationKey<T> key, T otherwise) => TryRead(key, out var value) ? value : otherwise;

    /// <summary>True if a key is set, even to an invalid value.</summary>
    public bool IsSet(AnnotationKey key) => Find(key) is not null;

    /// <summary>The field path of a key that is set, for diagnostics.</summary>
    public string FieldOf(AnnotationKey key) => Field(FullNameOf(key));

    /// <summary>The name of a key that is set, with its prefix.</summary>
    public string FullNameOf(AnnotationKey key) => Find(key)?.FullName ?? key.Name;

    /// <summary>Reports a well-formed value that is unusable; the paths answer 503 if the key protects something.</summary>
    public void Refuse(AnnotationKey key, string problem)
    {
        if (Find(key) is { } found)
            Refuse(key, found, problem);
    }

    /// <summary>Reports a diagnostic about a key that is set.</summary>
    public void Report(AnnotationKey key, Func<ResourceName, string, Diagnostic> diagnostic) => _diagnostics.Add(diagnostic(_ingress, FieldOf(key)));

    private void Refuse(AnnotationKey key, Found found, string problem)
    {
        var closes = key.OnBadValue == OnBadValue.CloseRoute;
        _diagnostics.Add(DiagnosticCatalog.AnnotationInvalid(_ingress, Field(found.FullName), found.Text.Trim(), problem, closes, DefaultOf(key), key.WhenInvalid));
        if (closes)
            ClosedReason ??= $"annotation {found.FullName} cannot be used";
    }

    private Found? Find(AnnotationKey key)
    {
        foreach (var (prefix, name, text) in _set)
        {
            // An empty value means not set, as in ingress-nginx.
            if (key.Names.Contains(name) && !string.IsNullOrWhiteSpace(text))
                return new Found($"{prefix}/{name}", text);
        }

        return null;
    }

    private string? TextOf(string name) => _catalog.Find(name) is { } key ? Find(key)?.Text : null;

    /// <summary>Reports an annotation that is unknown, unsupported or overridden.</summary>
    private void Sort(string prefix, string name, string text)
    {
        var field = Field($"{prefix}/{name}");
        if (_catalog.Find(name) is not { } key)
        {
            ReportUnknown(prefix, name, field);
            return;
        }

        if (string.IsNullOrWhiteSpace(text))
            return;
        if (Find(key) is { } winner && winner.FullName != $"{prefix}/{name}")
            _diagnostics.Add(DiagnosticCatalog.AnnotationOverridden(_ingress, field, winner.FullName));
        else if (key.Support is (AnnotationSupport.Never or AnnotationSupport.NotYet) && OffSwitches.AsksForNothing(name, TextOf))
            return;
        else if (IsCanary && key.CanaryUse == CanaryUse.OfMain && key.Support is not AnnotationSupport.NoOp)
            _diagnostics.Add(DiagnosticCatalog.AnnotationWithoutEffect(_ingress, field, "that of the main Ingress applies", " on a canary"));
        else if (key.Support is AnnotationSupport.Never never)
            _diagnostics.Add(DiagnosticCatalog.AnnotationUnsupported(_ingress, field, never.Instead, ForeignAnnotations.MayProtect(text), never.IsFormer));
        else if (key.Support is AnnotationSupport.NotYet planned)
            ReportNotYet(key, planned, $"{prefix}/{name}");
    }

    private void ReportUnknown(string prefix, string name, string field)
    {
        if (_catalog.IsSetting(name))
            _diagnostics.Add(DiagnosticCatalog.AnnotationIsSetting(_ingress, field, name));
        else if (NearPrefix.IsClassName(name))
            _diagnostics.Add(DiagnosticCatalog.AnnotationPrefixUnknown(_ingress, Field($"{prefix}/{name}"), NearPrefix.ClassAnnotation));
        else
            _diagnostics.Add(DiagnosticCatalog.AnnotationUnknown(_ingress, field, _nearestLeft-- > 0 ? _catalog.Nearest(name) : null));
    }

    private void ReportNotYet(AnnotationKey key, AnnotationSupport.NotYet planned, string fullName)
    {
        var closes = key.OnBadValue == OnBadValue.CloseRoute;
        _diagnostics.Add(DiagnosticCatalog.AnnotationNotYetSupported(_ingress, Field(fullName), closes, planned.Meanwhile));
        if (closes)
            ClosedReason ??= $"annotation {fullName} is not supported yet";
    }

    /// <summary>What applies instead of a value, with the value of the setting that is live.</summary>
    private string? DefaultOf(AnnotationKey key) => key.DefaultSetting is { } setting && _settingText(setting.Name) is { } value
        ? (setting with { Value = value }).ToString()
        : key.Default;

    private static string Field(string fullName) => $"metadata.annotations[{fullName}]";

    private readonly record struct Found(string FullName, string Text);
}
