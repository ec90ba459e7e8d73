using System.Text.RegularExpressions;

namespace IngressController.Routing.Table;

/// <summary>How a text is compared.</summary>
public enum TextMatch
{
    /// <summary>As a whole, without regard to case: so nginx's map does it.</summary>
    Whole,

    /// <summary>The pattern is found somewhere in it: <c>~pattern</c>.</summary>
    Pattern,

    /// <summary>The same without regard to case: <c>~*pattern</c>.</summary>
    PatternIgnoringCase,
}

/// <summary>A text, or a regular expression, as nginx's maps have them.</summary>
public readonly record struct TextPattern(TextMatch Match, string Text)
{
    /// <summary>No pattern can stall a request: the time grows with the length of the text alone, and is limited besides.</summary>
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
