namespace IngressController.Routing.Annotations;

/// <summary>What became of a value: the value, or what is wrong with it.</summary>
/// <param name="Value">Of no meaning when there is a problem.</param>
/// <param name="Problem">One clause that goes on after the quoted value: <c>is no whole number</c>; null when the value is good.</param>
public readonly record struct Parsed<T>(T Value, string? Problem)
{
    public static implicit operator Parsed<T>(T value) => new(value, null);
}

/// <summary>How a value of an annotation, a ConfigMap key or an option is written.</summary>
/// <param name="Description">For the documentation: <c>true or false</c>.</param>
/// <param name="Parse">Reads a trimmed value that is not empty.</param>
public sealed record ValueForm<T>(string Description, Func<string, Parsed<T>> Parse)
{
    /// <summary>Whether the value may have several lines. Other control characters are never allowed.</summary>
    public bool AllowsLines { get; init; }

    /// <summary>
    /// Reads a value as it stands in an object. Values of tenants end up in header fields, redirects and the log, so what controls how
    /// text is read ends here, whatever the form.
    /// </summary>
    public Parsed<T> Read(string text)
    {
        var value = text.Trim();
        foreach (var c in value)
        {
            if (char.IsControl(c) && !(AllowsLines && c is '\n' or '\r' or '\t'))
                return Refuse($"contains the control character U+{(int)c:X4}");
        }

        return Parse(value);
    }

    /// <summary>A value that is not of this form.</summary>
    public static Parsed<T> Refuse(string problem) => new(default!, problem);

    /// <summary>The same text read into something else.</summary>
    public ValueForm<TOther> Select<TOther>(Func<T, Parsed<TOther>> read, string? description = null) => new(
        description ?? Description,
        text => Parse(text) is { Problem: { } problem } ? ValueForm<TOther>.Refuse(problem) : read(Parse(text).Value))
    {
        AllowsLines = AllowsLines,
    };
}
