namespace IngressController.Routing.Expressions;

/// <summary>
/// A regular expression of PCRE, as nginx reads it: of bytes, with the letters and classes of ASCII. It is parsed and written for .NET, so that
/// it matches what it matches in nginx; what cannot be matched the same way is refused.
/// </summary>
public sealed class Expression
{
    /// <summary>Longer expressions cost memory, and no one needs them.</summary>
    private const int MaxLength = 1_000;

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
    public static Expression? TryParse(string text, bool ignoresCase, out string problem) => TryParseBytes(ByteText.OfUtf8(text), ignoresCase, out problem);

    /// <summary>Reads an expression in which one character is one byte.</summary>
    internal static Expression? TryParseBytes(string text, bool ignoresCase, out string problem)
    {
        problem = text.Length > MaxLength ? $"is longer than {MaxLength} characters" : "";
        if (problem.Length > 0)
            return null;
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
