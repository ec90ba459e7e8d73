namespace IngressController.Routing.Expressions;

/// <summary>
/// A regular expression of PCRE, as nginx reads it: of bytes, with the letters and classes of ASCII. It is parsed and written for .NET, so that
/// it matches what it matches in nginx; what cannot be matched the same way is refused.
/// </summary>
public sealed class Expression
{
    /// <summary>Longer expressions cost memory, and no one needs them.</summary>
    public const int MaxLength = 1_000;

    private Expression(string text, string pattern, int groups, bool needsBacktracking)
    {
        Text = text;
        Pattern = pattern;
        Groups = groups;
        NeedsBacktracking = needsBacktracking;
    }

    /// <summary>The expression as written.</summary>
    public string Text { get; }

    /// <summary>The number of capturing groups; named ones count, in their order.</summary>
    public int Groups { get; }

    /// <summary>The expression for .NET, over texts of <see cref="ByteText"/>.</summary>
    internal string Pattern { get; }

    /// <summary>True if it has look-arounds, back references or atomic groups, which cannot run in linear time.</summary>
    internal bool NeedsBacktracking { get; }

    /// <summary>Reads an expression; returns null with what it contains if it cannot be used.</summary>
    /// <param name="text">The expression; characters outside ASCII stand for their bytes in UTF-8.</param>
    /// <param name="ignoresCase">True if letters match in either case.</param>
    /// <param name="problem">A part of a sentence about the expression: "contains ...".</param>
    public static Expression? TryParse(string text, bool ignoresCase, out string problem)
    {
        problem = $"is longer than {MaxLength} characters";
        return text.Length > MaxLength ? null : TryParseBytes(ByteText.OfUtf8(text), ignoresCase, out problem);
    }

    /// <summary>Reads an expression that was checked before.</summary>
    /// <exception cref="InvalidOperationException">It cannot be used.</exception>
    public static Expression Parse(string text, bool ignoresCase) => ParseBytes(ByteText.OfUtf8(text), ignoresCase);

    /// <summary>The same, for text in which one character is one byte.</summary>
    internal static Expression ParseBytes(string text, bool ignoresCase) =>
        TryParseBytes(text, ignoresCase, out var problem) ?? throw new InvalidOperationException($"\"{text}\" {problem}");

    /// <summary>Reads an expression of a comma-separated list: one that a comma inside has cut into two entries is refused.</summary>
    public static Expression? TryParseEntry(string text, bool ignoresCase, out string problem)
    {
        var brace = text.LastIndexOf('{');
        problem = $"ends with {text[Math.Max(brace, 0)..]}, because commas separate the entries of the list; write the repetition without a comma";
        return brace >= 0 && text.AsSpan(brace + 1).Trim("0123456789").IsEmpty ? null : TryParse(text, ignoresCase, out problem);
    }

    /// <summary>Reads an expression of any length in which one character is one byte.</summary>
    internal static Expression? TryParseBytes(string text, bool ignoresCase, out string problem)
    {
        problem = "";
        try
        {
            var (node, groups) = PcreParser.Parse(text, ignoresCase);
            var (pattern, needsBacktracking) = DotNetWriter.Write(node);
            return new Expression(text, pattern, groups, needsBacktracking);
        }
        catch (UnsupportedExpressionException error)
        {
            problem = error.Message;
            return null;
        }
    }

    public override string ToString() => Text;
}
