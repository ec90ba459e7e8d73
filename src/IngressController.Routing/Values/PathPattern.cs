using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using IngressController.Routing.Expressions;

namespace IngressController.Routing.Values;

/// <summary>
/// A case-insensitive regular expression for paths; two are equal when their texts are. A time limit keeps it from stalling a request.
/// </summary>
public sealed class PathPattern : IEquatable<PathPattern>
{
    /// <summary>The time limit of one match; a request that exceeds it is answered 503.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(20);

    private readonly Expression _expression;
    private CompiledExpression? _fromStart;
    private CompiledExpression? _anywhere;

    private PathPattern(Expression expression) => _expression = expression;

    /// <summary>The expression, one character per byte.</summary>
    public string Text => _expression.Text;

    /// <summary>The number of capturing groups, $1 and so on.</summary>
    public int GroupCount => _expression.Groups;

    /// <summary>Reads the path of a rule as an expression; returns null with a reason if it cannot be used.</summary>
    public static PathPattern? TryCreate(string path, out string problem)
    {
        problem = $"is longer than {Expression.MaxLength} characters";
        if (path.Length > Expression.MaxLength)
            return null;
        return Expression.TryParseBytes(Decode(path, isExpression: true), ignoresCase: true, out problem) is { } expression ? new PathPattern(expression) : null;
    }

    /// <summary>A pattern for the paths that begin with a path, compared literally.</summary>
    public static PathPattern Literal(string path) => OfText(Decode(path, isExpression: false));

    /// <summary>
    /// A pattern for every path that an unusable expression may match, and more: those that begin with the literal text at its start. A rule
    /// that answers 503 for them never leaves a request to a rule that is open.
    /// </summary>
    public static PathPattern Covering(string path) => OfText(LiteralStart.Of(Decode(path, isExpression: true)) is { Length: > 0 } start ? start : "/");

    /// <summary>True if a path begins with the pattern: anchored at the start only, as in ingress-nginx's locations.</summary>
    /// <exception cref="RegexMatchTimeoutException">The match hit the time limit; the result is unknown.</exception>
    public bool MatchesStartOf(ReadOnlySpan<char> path) => (_fromStart ??= Compile(Parse($"^{Text}"))).IsMatch(path);

    /// <summary>The first match in a path, with its groups.</summary>
    /// <exception cref="RegexMatchTimeoutException">The match hit the time limit; the result is unknown.</exception>
    public ExpressionMatch Match(string path) => (_anywhere ??= Compile(_expression)).Match(path);

    public bool Equals(PathPattern? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as PathPattern);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    private static PathPattern OfText(string bytes)
    {
        var escaped = new StringBuilder(bytes.Length);
        foreach (var octet in bytes)
            Escape(octet, escaped);
        return new PathPattern(Parse(escaped.ToString()));
    }

    private static CompiledExpression Compile(Expression expression) => CompiledExpression.Compile(expression, Limit);

    private static Expression Parse(string bytes) => Expression.ParseBytes(bytes, ignoresCase: true);

    /// <summary>
    /// The path of a rule in the form in which requests are matched: decoded, one character per byte. What was an escape is no syntax of an
    /// expression.
    /// </summary>
    private static string Decode(string path, bool isExpression)
    {
        var bytes = ByteText.OfUtf8(path);
        if (!bytes.Contains('%'))
            return bytes;
        var decoded = new StringBuilder(bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == '%' && i + 2 < bytes.Length && byte.TryParse(bytes.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
            {
                if (isExpression)
                    Escape((char)octet, decoded);
                else
                    decoded.Append((char)octet);
                i += 2;
            }
            else
            {
                decoded.Append(bytes[i]);
            }
        }

        return decoded.ToString();
    }

    private static void Escape(char octet, StringBuilder text)
    {
        if (char.IsAsciiLetterOrDigit(octet) || octet is '/' or '-' or '_' or > '\x7F')
            text.Append(octet);
        else if (octet is > ' ' and < '\x7F')
            text.Append('\\').Append(octet);
        else
            text.Append(CultureInfo.InvariantCulture, $"\\x{(int)octet:x2}");
    }
}
