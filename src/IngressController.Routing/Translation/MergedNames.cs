using System.Collections.Immutable;
using IngressController.Routing.Diagnostics;

namespace IngressController.Routing.Translation;

/// <summary>The values and diagnostics of names that several Ingresses share, during one pass: one value per name.</summary>
internal sealed class MergedNames<T>(ImmutableDictionary<string, T> values, ImmutableDictionary<string, EquatableArray<Diagnostic>> diagnostics)
    where T : class
{
    private readonly ImmutableDictionary<string, T>.Builder _values = values.ToBuilder();
    private readonly ImmutableDictionary<string, EquatableArray<Diagnostic>>.Builder _diagnostics = diagnostics.ToBuilder();

    public T? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>Replaces the result of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">Null when the name is unused.</param>
    /// <param name="problems">The problems, also of a name without value.</param>
    public void Set(string name, T? value, EquatableArray<Diagnostic> problems)
    {
        if (value is null)
            _values.Remove(name);
        else
            _values[name] = value;
        if (problems.Count > 0)
            _diagnostics[name] = problems;
        else
            _diagnostics.Remove(name);
    }

    public ImmutableDictionary<string, T> ToValues() => _values.ToImmutable();

    public ImmutableDictionary<string, EquatableArray<Diagnostic>> ToDiagnostics() => _diagnostics.ToImmutable();
}
