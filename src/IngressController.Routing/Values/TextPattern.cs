using IngressController.Routing.Expressions;

namespace IngressController.Routing.Values;

/// <summary>The comparison of a text.</summary>
public enum TextMatch
{
    /// <summary>The whole text, case-insensitive, as in nginx's map.</summary>
    Whole,

    /// <summary>A pattern found anywhere in the text: <c>~pattern</c>.</summary>
    Pattern,

    /// <summary>The same, case-insensitive: <c>~*pattern</c>.</summary>
    PatternIgnoringCase,
}

/// <summary>A text or a regular expression, as in nginx's maps.</summary>
public readonly record struct TextPattern(TextMatch Match, string Text)
{
    /// <summary>Reads <c>text</c>, <c>~pattern</c> or <c>~*pattern</c>.</summary>
    public static bool TryParse(string text, out TextPattern pattern, out string? problem)
    {
        pattern = text.StartsWith("~*", StringComparison.Ordinal) ? new(TextMatch.PatternIgnoringCase, text[2..])
            : text.StartsWith('~') ? new(TextMatch.Pattern, text[1..])
            : new(TextMatch.Whole, text);
        problem = pattern.Match == TextMatch.Whole ? null : pattern.Check();
        return problem is null;
    }

    private bool IgnoresCase => Match == TextMatch.PatternIgnoringCase;

    /// <summary>The text as it stands in a header: one character per byte.</summary>
    public string HeaderText => ByteText.OfUtf8(Text);

    /// <summary>
    /// The expression of a pattern; not for <see cref="TextMatch.Whole"/>. It cannot stall a request: if it can, it runs in linear time, and
    /// the time is limited.
    /// </summary>
    public CompiledExpression Compile() => CompiledExpression.CompileLinear(Expression.Parse(Text, IgnoresCase), PathPattern.Limit);

    public override string ToString() => Match switch
    {
        TextMatch.Whole => Text,
        TextMatch.Pattern => $"~{Text}",
        _ => $"~*{Text}",
    };

    private string? Check() => Text.Length == 0 ? "the expression after ~ is empty"
        : Expression.TryParseEntry(Text, IgnoresCase, out var problem) is null ? $"it {problem}"
        : null;
}
