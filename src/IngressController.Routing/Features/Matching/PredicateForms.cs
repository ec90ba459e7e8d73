using IngressController.Routing.Annotations;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Matching;

/// <summary>Reads predicates as YARP's configuration has them.</summary>
internal static class PredicateForms
{
    /// <summary>Each is evaluated for each request of the path.</summary>
    private const int MaxPredicates = 16;

    private const int MaxValues = 32;

    private static readonly string[] Keys = ["Name", "Values", "Mode", "IsCaseSensitive"];

    private static readonly (string Word, ValueMatch Match)[] HeaderModes =
    [
        ("ExactHeader", ValueMatch.Exact), ("HeaderPrefix", ValueMatch.Prefix), ("Contains", ValueMatch.Contains), ("NotContains", ValueMatch.NotContains),
        ("Exists", ValueMatch.Exists), ("NotExists", ValueMatch.NotExists),
    ];

    private static readonly (string Word, ValueMatch Match)[] QueryModes =
    [
        ("Exact", ValueMatch.Exact), ("Contains", ValueMatch.Contains), ("NotContains", ValueMatch.NotContains), ("Prefix", ValueMatch.Prefix),
        ("Exists", ValueMatch.Exists),
    ];

    public static Parsed<EquatableArray<string>> Methods(EquatableArray<string> methods)
    {
        if (methods.Count == 0)
            return ValueForm<EquatableArray<string>>.Refuse("lists no method");
        foreach (var method in methods)
        {
            if (!HttpToken.IsToken(method))
                return ValueForm<EquatableArray<string>>.Refuse($"contains {(method.Length == 0 ? "an empty string" : method)}, which is not a method");
        }

        return new EquatableArray<string>([.. methods.Select(method => method.ToUpperInvariant()).Distinct().Order(StringComparer.Ordinal)]);
    }

    public static Parsed<EquatableArray<ValuePredicate>> Headers(YamlValue value) => Read(value, HeaderModes, isHeader: true);

    public static Parsed<EquatableArray<ValuePredicate>> QueryParameters(YamlValue value) => Read(value, QueryModes, isHeader: false);

    private static Parsed<EquatableArray<ValuePredicate>> Read(YamlValue value, (string Word, ValueMatch Match)[] modes, bool isHeader)
    {
        var read = YamlForms.ReadList(value, item => ReadOne(item, modes, isHeader));
        return read.Problem is not null ? read
            : read.Value.Count == 0 ? ValueForm<EquatableArray<ValuePredicate>>.Refuse("is an empty list")
            : read.Value.Count > MaxPredicates ? ValueForm<EquatableArray<ValuePredicate>>.Refuse($"has more than {MaxPredicates} entries")
            : read;
    }

    private static Parsed<ValuePredicate> ReadOne(YamlValue value, (string Word, ValueMatch Match)[] modes, bool isHeader)
    {
        if (value is not YamlValue.Map map)
            return Refuse($"is {value.Kind}, not a map");
        foreach (var (key, _) in map.Entries)
        {
            if (!Keys.Contains(key))
                return Refuse($"has the key {key}, which is not one of {string.Join(", ", Keys)}");
        }

        if (map.Find("Name") is not YamlValue.Text { Value: { Length: > 0 } name } || (isHeader && !HttpToken.IsToken(name)))
            return Refuse(isHeader ? "has no Name, or one that is not a header name" : "has no Name");
        if (!TryReadMode(map.Find("Mode"), modes, out var match))
            return Refuse($"has a Mode that is not one of {string.Join(", ", modes.Select(mode => mode.Word))}");
        if (!TryReadBoolean(map.Find("IsCaseSensitive"), out var isCaseSensitive))
            return Refuse("has an IsCaseSensitive that is neither true nor false");
        var values = ReadValues(map.Find("Values"), match);
        return values.Problem is { } problem ? Refuse(problem) : new ValuePredicate(name, match, values.Value, isCaseSensitive);
    }

    private static Parsed<EquatableArray<string>> ReadValues(YamlValue? value, ValueMatch match)
    {
        var read = value is null or YamlValue.Text { Value: "" } ? EquatableArray<string>.Empty : YamlForms.ReadTexts(value);
        if (read.Problem is { } problem)
            return ValueForm<EquatableArray<string>>.Refuse($"has a Values field that {problem}");
        var needsValues = match is not (ValueMatch.Exists or ValueMatch.NotExists);
        return needsValues && (read.Value.Count == 0 || read.Value.Contains(""))
            ? ValueForm<EquatableArray<string>>.Refuse("has no Values, or an empty one")
            : !needsValues && read.Value.Count > 0 ? ValueForm<EquatableArray<string>>.Refuse("has Values, but its Mode uses none")
            : read.Value.Count > MaxValues ? ValueForm<EquatableArray<string>>.Refuse($"has more than {MaxValues} Values")
            : read;
    }

    private static bool TryReadMode(YamlValue? value, (string Word, ValueMatch Match)[] modes, out ValueMatch match)
    {
        match = modes[0].Match;
        if (value is null)
            return true;
        var found = value is YamlValue.Text text ? Array.FindIndex(modes, mode => mode.Word.Equals(text.Value, StringComparison.OrdinalIgnoreCase)) : -1;
        if (found >= 0)
            match = modes[found].Match;
        return found >= 0;
    }

    private static bool TryReadBoolean(YamlValue? value, out bool result)
    {
        result = false;
        return value is null || (value is YamlValue.Text text && bool.TryParse(text.Value, out result));
    }

    private static Parsed<ValuePredicate> Refuse(string problem) => ValueForm<ValuePredicate>.Refuse(problem);
}
