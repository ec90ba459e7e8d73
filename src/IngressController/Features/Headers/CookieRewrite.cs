using System.Text;
using System.Text.RegularExpressions;
using IngressController.Pipeline;
using IngressController.Routing.Features.Headers;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.Headers;

/// <summary>
/// proxy-cookie-domain and proxy-cookie-path: rewrites these attributes of cookies that the backend sets. A cookie that no rule matches
/// passes byte for byte, another is written anew as nginx does: its attributes separated by a semicolon and a space.
/// </summary>
internal sealed class CookieRewrite(CookieRewritePolicy policy) : ResponseChange
{
    private readonly AttributeRewrite? _domain = policy.Domain is { } domain ? new AttributeRewrite("Domain", domain) : null;
    private readonly AttributeRewrite? _path = policy.Path is { } path ? new AttributeRewrite("Path", path) : null;

    public static CookieRewrite? Create(PlanContext context) => context.Policy<CookieRewritePolicy>() is { } policy ? new CookieRewrite(policy) : null;

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        var cookies = request.Context.Response.Headers.SetCookie;
        if (isLocal || cookies.Count == 0)
            return;
        var rewritten = new string?[cookies.Count];
        var isChanged = false;
        for (var i = 0; i < rewritten.Length; i++)
        {
            rewritten[i] = Rewrite(cookies[i] ?? "");
            isChanged |= !ReferenceEquals(rewritten[i], cookies[i]);
        }

        if (isChanged)
            request.Context.Response.Headers.SetCookie = new StringValues(rewritten);
    }

    /// <summary>The same object when nothing matches.</summary>
    internal string Rewrite(string cookie)
    {
        var parts = cookie.Split(';');
        // Without a name it is no cookie, and nginx leaves it alone.
        if (!parts[0].Contains('='))
            return cookie;
        var isChanged = false;
        // The first part is the cookie itself, whatever its name is.
        for (var i = 1; i < parts.Length; i++)
        {
            if ((_domain?.Rewrite(parts[i]) ?? _path?.Rewrite(parts[i])) is not { } part)
                continue;
            parts[i] = part;
            isChanged = true;
        }

        return isChanged ? string.Join("; ", parts.Select(Tidy)) : cookie;
    }

    private static string Tidy(string part)
    {
        var equals = part.IndexOf('=');
        return equals < 0 ? part.Trim(' ') : $"{part.AsSpan(0, equals).Trim(' ')}={part.AsSpan(equals + 1).Trim(' ')}";
    }

    /// <summary>One rule for one attribute.</summary>
    private sealed class AttributeRewrite(string name, CookieRule rule)
    {
        private readonly bool _isDomain = name == "Domain";
        private readonly Regex? _pattern = rule.Match == CookieMatch.Literal
            ? null
            : CookieRule.Compile(rule.From, rule.Match == CookieMatch.PatternIgnoringCase);

        /// <summary>The attribute anew; null when it is another one or the rule does not match.</summary>
        public string? Rewrite(string part)
        {
            var equals = part.IndexOf('=');
            if (equals < 0 || !part.AsSpan(0, equals).Trim(' ').Equals(name, StringComparison.OrdinalIgnoreCase))
                return null;
            var value = part.AsSpan(equals + 1).Trim(' ');
            var key = part.AsSpan(0, equals).Trim(' ');
            if (_pattern is { } pattern)
                return Match(pattern, value.ToString()) is { Success: true } match ? $"{key}={Fill(match)}" : null;
            if (_isDomain)
            {
                // A dot in front has no meaning (RFC 6265, 4.1.2.3), and stays.
                var dot = value is ['.', ..] ? "." : "";
                return value[dot.Length..].Equals(rule.From, StringComparison.OrdinalIgnoreCase) ? $"{key}={dot}{rule.To}" : null;
            }

            return value.StartsWith(rule.From, StringComparison.Ordinal) ? $"{key}={rule.To}{value[rule.From.Length..]}" : null;
        }

        /// <summary>Null when it takes too long: then the cookie stays as the backend has set it.</summary>
        private static Match? Match(Regex pattern, string value)
        {
            try
            {
                return pattern.Match(value);
            }
            catch (RegexMatchTimeoutException)
            {
                return null;
            }
        }

        /// <summary>The replacement with the groups of the match in it; a group is a piece of an attribute, so it ends none.</summary>
        private string Fill(Match match)
        {
            var text = new StringBuilder();
            for (var i = 0; i < rule.To.Length; i++)
            {
                if (rule.To[i] == '$')
                    text.Append(match.Groups[rule.To[++i] - '0'].ValueSpan);
                else
                    text.Append(rule.To[i]);
            }

            return text.ToString();
        }
    }
}
