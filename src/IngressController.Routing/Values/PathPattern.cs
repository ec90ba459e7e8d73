using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IngressController.Routing.Values;

/// <summary>
/// A case-insensitive regular expression for paths; two are equal when their texts are. A time limit keeps a pattern from stalling a
/// request. A pattern that has hit the limit runs without backtracking from then on, if it can: that takes the same time for a hostile path
/// as for any other, but a thousand times longer to build, so it is built only where it is needed.
/// </summary>
public sealed class PathPattern : IEquatable<PathPattern>
{
    /// <summary>The time limit of one match; a request that exceeds it is answered 503.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(20);

    /// <summary>Longer patterns cost memory, and no one needs them.</summary>
    private const int MaxLength = 1_000;

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private volatile Regex? _fromStart;
    private volatile Regex _anywhere;

    private PathPattern(string text, Regex anywhere)
    {
        Text = text;
        _anywhere = anywhere;
    }

    public string Text { get; }

    /// <summary>Compiles a regular expression over decoded paths; returns null with a reason when it is invalid.</summary>
    public static PathPattern? TryCreate(string text, out string problem)
    {
        problem = text.Length > MaxLength ? $"is longer than {MaxLength} characters" : "";
        if (problem.Length > 0)
            return null;
        try
        {
            return new PathPattern(text, new Regex(text, Options, Limit));
        }
        catch (ArgumentException error)
        {
            problem = $"is not a valid regular expression: {DiagnosticText.Shorten(error.Message).TrimEnd('.')}";
            return null;
        }
    }

    /// <summary>A pattern that matches a text literally, ignoring case.</summary>
    public static PathPattern Literal(string text)
    {
        var escaped = Regex.Escape(text);
        return new PathPattern(escaped, new Regex(escaped, Options, Limit));
    }

    /// <summary>
    /// The regular expression of a path in a rule. Requests are matched decoded, one char per byte, so escapes are decoded and characters
    /// outside ASCII become the bytes of their UTF-8 form.
    /// </summary>
    public static string TextOf(string path)
    {
        if (path.All(c => c is < '\x7F' and not '%'))
            return path;
        var pattern = new StringBuilder(path.Length);
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] == '%' && i + 2 < path.Length && byte.TryParse(path.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
            {
                pattern.Append(Regex.Escape(((char)octet).ToString()));
                i += 2;
            }
            else if (path[i] < '\x7F')
            {
                pattern.Append(path[i]);
            }
            else
            {
                var length = char.IsHighSurrogate(path[i]) && i + 1 < path.Length ? 2 : 1;
                foreach (var unit in Encoding.UTF8.GetBytes(path.Substring(i, length)))
                    pattern.Append((char)unit);
                i += length - 1;
            }
        }

        return pattern.ToString();
    }

    /// <summary>True if a path begins with the pattern: anchored at the start only, as in ingress-nginx's locations.</summary>
    /// <exception cref="RegexMatchTimeoutException">The match hit the time limit; the result is unknown.</exception>
    public bool MatchesStartOf(ReadOnlySpan<char> path)
    {
        var regex = _fromStart ??= new Regex($"^{Text}", Options, Limit);
        try
        {
            return regex.IsMatch(path);
        }
        catch (RegexMatchTimeoutException) when (WithoutBacktracking(regex) is { } linear)
        {
            return (_fromStart = linear).IsMatch(path);
        }
    }

    /// <summary>The first match in a path, with its groups.</summary>
    /// <exception cref="RegexMatchTimeoutException">The match hit the time limit; the result is unknown.</exception>
    public Match Match(string path)
    {
        var regex = _anywhere;
        try
        {
            return regex.Match(path);
        }
        catch (RegexMatchTimeoutException) when (WithoutBacktracking(regex) is { } linear)
        {
            return (_anywhere = linear).Match(path);
        }
    }

    /// <summary>True if the pattern matches anywhere in a text.</summary>
    /// <exception cref="RegexMatchTimeoutException">The match hit the time limit; the result is unknown.</exception>
    public bool IsFoundIn(ReadOnlySpan<char> text)
    {
        var regex = _anywhere;
        try
        {
            return regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException) when (WithoutBacktracking(regex) is { } linear)
        {
            return (_anywhere = linear).IsMatch(text);
        }
    }

    public bool Equals(PathPattern? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as PathPattern);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    /// <summary>Returns null if the expression already runs without backtracking or needs it (look-arounds, back references).</summary>
    private static Regex? WithoutBacktracking(Regex regex)
    {
        if (regex.Options.HasFlag(RegexOptions.NonBacktracking))
            return null;
        try
        {
            return new Regex(regex.ToString(), Options | RegexOptions.NonBacktracking, Limit);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}
