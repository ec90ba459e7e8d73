using System.Buffers;
using IngressController.Routing.Annotations;
using IngressController.Routing.Expressions;

namespace IngressController.Routing.Features.Headers;

/// <summary>The comparison of a cookie attribute.</summary>
public enum CookieMatch
{
    /// <summary>Domain: the whole text, ignoring case and a leading dot. Path: a prefix.</summary>
    Literal,

    /// <summary>A regular expression that may match anywhere.</summary>
    Pattern,

    /// <summary>The same, case-insensitive.</summary>
    PatternIgnoringCase,
}

/// <summary>A rule of nginx's proxy_cookie_domain or proxy_cookie_path.</summary>
/// <param name="From">The text or pattern.</param>
/// <param name="To">The replacement; $1 to $9 are groups of a pattern.</param>
/// <param name="Match">The kind of <paramref name="From"/>.</param>
public sealed record CookieRule(string From, string To, CookieMatch Match)
{
    private static readonly SearchValues<char> ForbiddenCharacters = SearchValues.Create(";,\"'{}");

    /// <summary>Longer than any pattern in use.</summary>
    private const int MaxPattern = 256;

    /// <summary>Compiles a pattern that matches in time linear to the text, if it can, and in limited time.</summary>
    public static CompiledExpression Compile(string pattern, bool ignoresCase) => CompiledExpression.CompileLinear(
        Expression.Parse(pattern, ignoresCase), TimeSpan.FromMilliseconds(100));

    internal static ValueForm<CookieRule?> DomainForm { get; } = Form("off, or the domain and its replacement, separated by a space", isDomain: true);

    internal static ValueForm<CookieRule?> PathForm { get; } = Form("off, or the path and its replacement, separated by a space", isDomain: false);

    private static ValueForm<CookieRule?> Form(string description, bool isDomain) => new(description, text =>
    {
        if (text == "off")
            return new Parsed<CookieRule?>(null, null);
        if (text.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var from, var to])
            return Refuse("is neither off nor two words separated by a space");
        // A semicolon would end the attribute and begin another one; nginx reads quotes and braces itself.
        if (to.AsSpan().ContainsAny(ForbiddenCharacters) || to.Any(c => c is < '!' or > '~'))
            return Refuse("has a replacement with a character that cookie attributes cannot contain");
        return from[0] == '~' ? ReadPattern(from, to, isDomain) : ReadLiteral(from, to, isDomain);
    });

    private static Parsed<CookieRule?> ReadLiteral(string from, string to, bool isDomain)
    {
        if (from.Contains('$') || to.Contains('$'))
            return Refuse("contains $: variables are not supported, and groups only with a regular expression");
        return isDomain ? new CookieRule(WithoutDot(from), WithoutDot(to), CookieMatch.Literal) : new CookieRule(from, to, CookieMatch.Literal);
    }

    private static Parsed<CookieRule?> ReadPattern(string from, string to, bool isDomain)
    {
        var ignoresCase = isDomain || from.StartsWith("~*", StringComparison.Ordinal);
        var pattern = from[(from.StartsWith("~*", StringComparison.Ordinal) ? 2 : 1)..];
        if (pattern.Length is 0 or > MaxPattern)
            return Refuse(pattern.Length == 0 ? "has an empty pattern" : $"has a pattern of more than {MaxPattern} characters");
        for (var i = to.IndexOf('$'); i >= 0; i = to.IndexOf('$', i + 1))
        {
            if (i + 1 >= to.Length || to[i + 1] is not (>= '1' and <= '9'))
                return Refuse("contains a $ that is not one of $1 to $9: variables are not supported");
        }

        if (Expression.TryParse(pattern, ignoresCase, out var problem) is null)
            return Refuse($"has a pattern that {problem}");

        return new CookieRule(pattern, to, ignoresCase ? CookieMatch.PatternIgnoringCase : CookieMatch.Pattern);
    }

    private static string WithoutDot(string domain) => domain.Length > 1 && domain[0] == '.' ? domain[1..] : domain;

    private static Parsed<CookieRule?> Refuse(string problem) => ValueForm<CookieRule?>.Refuse(problem);
}
