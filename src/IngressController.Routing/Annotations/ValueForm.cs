namespace IngressController.Routing.Annotations;

/// <summary>A value, or the problem that kept it from being read.</summary>
/// <param name="Value">Undefined when there is a problem.</param>
/// <param name="Problem">A clause that follows the quoted value: <c>is no whole number</c>; null when the value is valid.</param>
public readonly record struct Parsed<T>(T Value, string? Problem)
{
    public static implicit operator Parsed<T>(T value) => new(value, null);
}

/// <summary>The syntax of a value of an annotation, a ConfigMap key or an option.</summary>
/// <param name="Description">For the documentation: <c>true or false</c>.</param>
/// <param name="Parse">Reads a trimmed value that is not empty.</param>
public sealed record ValueForm<T>(string Description, Func<string, Parsed<T>> Parse)
{
    /// <summary>True if the value may have several lines. Other control characters are never allowed.</summary>
    public bool AllowsLines { get; init; }

    /// <summary>
    /// Reads the value of an object. Values of tenants reach headers, redirects and the log, so control characters are refused here for
    /// every form.
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

    /// <summary>An invalid value.</summary>
    public static Parsed<T> Refuse(string problem) => new(default!, problem);

    /// <summary>A form that reads the same text further.</summary>
    public ValueForm<TOther> Select<TOther>(Func<T, Parsed<TOther>> read, string? description = null) => new(
        description ?? Description,
        text => Parse(text) is { Problem: { } problem } ? ValueForm<TOther>.Refuse(problem) : read(Parse(text).Value))
    {
        AllowsLines = AllowsLines,
    };
}
