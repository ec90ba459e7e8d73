using System.Text.RegularExpressions;

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
    /// <summary>A pattern cannot stall a request: the time is linear in the length of the text, and limited as well.</summary>
    private const RegexOptions Safe = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    /// <summary>Reads <c>text</c>, <c>~pattern</c> or <c>~*pattern</c>.</summary>
    public static bool TryParse(string text, out TextPattern pattern, out string? problem)
    {
        pattern = text.StartsWith("~*", StringComparison.Ordinal) ? new(TextMatch.PatternIgnoringCase, text[2..])
            : text.StartsWith('~') ? new(TextMatch.Pattern, text[1..])
            : new(TextMatch.Whole, text);
        problem = pattern.Match == TextMatch.Whole ? null : Check(pattern.Text);
        return problem is null;
    }

    /// <summary>The expression of a pattern; not for <see cref="TextMatch.Whole"/>.</summary>
    public Regex ToRegex() => new(Text, Match == TextMatch.PatternIgnoringCase ? Safe | RegexOptions.IgnoreCase : Safe, PathPattern.Limit);

    public override string ToString() => Match switch
    {
        TextMatch.Whole => Text,
        TextMatch.Pattern => $"~{Text}",
        _ => $"~*{Text}",
    };

    private static string? Check(string pattern)
    {
        if (pattern.Length == 0)
            return "the expression after ~ is empty";
        try
        {
            _ = new Regex(pattern, Safe);
            return null;
        }
        catch (ArgumentException error)
        {
            return error.Message.TrimEnd('.');
        }
        catch (NotSupportedException)
        {
            return "lookarounds, backreferences and the like are not supported, because they can take unbounded time";
        }
    }
}
