using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using IngressController.Routing.Diagnostics;

namespace IngressController.Routing.Table;

/// <summary>
/// A path as a regular expression, compared without regard to case. It runs with a time limit, so that no pattern can stall a request; one
/// that has met the limit runs without backtracking from then on, if it can: such an automaton takes no longer for a hostile path than for
/// another, but a thousand times longer to build, so it is built only where it is needed. Equal when the text is.
/// </summary>
public sealed class PathPattern : IEquatable<PathPattern>
{
    /// <summary>How long a match may take; a request that takes longer is answered 503.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(20);

    /// <summary>Longer ones cost memory and are nobody's path.</summary>
    private const int Longest = 1_000;

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private volatile Regex? _fromStart;
    private volatile Regex _anywhere;

    private PathPattern(string text, Regex anywhere)
    {
        Text = text;
        _anywhere = anywhere;
    }

    public string Text { get; }

    /// <summary>Makes a pattern of a regular expression over decoded paths; null with a reason when it is none.</summary>
    public static PathPattern? TryCreate(string text, out string problem)
    {
        problem = text.Length > Longest ? $"is longer than {Longest} characters" : "";
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

    /// <summary>A pattern that is compared as it stands, but for case.</summary>
    public static PathPattern Literal(string text)
    {
        var escaped = Regex.Escape(text);
        return new PathPattern(escaped, new Regex(escaped, Options, Limit));
    }

    /// <summary>
    /// The regular expression of a path as a rule writes it: requests are matched decoded, one char per byte, so its escapes are decoded and
    /// its characters outside ASCII become the bytes of their UTF-8 form.
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

    /// <summary>Whether a path begins with it: anchored at the start and not at the end, as ingress-nginx writes its locations.</summary>
    /// <exception cref="RegexMatchTimeoutException">It took too long, so nobody knows.</exception>
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

    /// <summary>The first place in a path that it matches, with its groups.</summary>
    /// <exception cref="RegexMatchTimeoutException">It took too long, so nobody knows.</exception>
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

    /// <summary>Whether it is found anywhere in a text.</summary>
    /// <exception cref="RegexMatchTimeoutException">It took too long, so nobody knows.</exception>
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

    /// <summary>Null for what is that already, and for look-arounds and back references, which need backtracking.</summary>
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
