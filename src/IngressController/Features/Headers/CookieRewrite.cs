using System.Text;
using System.Text.RegularExpressions;
using IngressController.Pipeline;
using IngressController.Routing.Expressions;
using IngressController.Routing.Features.Headers;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.Headers;

/// <summary>
/// proxy-cookie-domain and proxy-cookie-path: rewrites these attributes of the backend's cookies. A cookie that no rule matches passes
/// unchanged; as in nginx, the attributes of others are joined by a semicolon and a space.
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

    /// <summary>Returns the same object if no rule matches.</summary>
    internal string Rewrite(string cookie)
    {
        var parts = cookie.Split(';');
        // As in nginx, a cookie without a name is unchanged.
        if (!parts[0].Contains('='))
            return cookie;
        var isChanged = false;
        // The first part is the cookie itself, even if its name is that of an attribute.
        for (var i = 1; i < parts.Length; i++)
        {
            if ((_domain?.Rewrite(parts[i]) ?? _path?.Rewrite(parts[i])) is not { } part)
                continue;
            parts[i] = part;
            isChanged = true;
        }

        return isChanged ? string.Join("; ", parts.Select(TrimSpaces)) : cookie;
    }

    private static string TrimSpaces(string part)
    {
        var equals = part.IndexOf('=');
        return equals < 0 ? part.Trim(' ') : $"{part.AsSpan(0, equals).Trim(' ')}={part.AsSpan(equals + 1).Trim(' ')}";
    }

    /// <summary>One rule for one attribute.</summary>
    private sealed class AttributeRewrite(string name, CookieRule rule)
    {
        private readonly bool _isDomain = name == "Domain";
        private readonly CompiledExpression? _pattern = rule.Match == CookieMatch.Literal
            ? null
            : CookieRule.Compile(rule.From, rule.Match == CookieMatch.PatternIgnoringCase);

        /// <summary>Returns the rewritten attribute; null if it has another name or the rule does not match.</summary>
        public string? Rewrite(string part)
        {
            var equals = part.IndexOf('=');
            if (equals < 0 || !part.AsSpan(0, equals).Trim(' ').Equals(name, StringComparison.OrdinalIgnoreCase))
                return null;
            var value = part.AsSpan(equals + 1).Trim(' ');
            var key = part.AsSpan(0, equals).Trim(' ');
            if (_pattern is { } pattern)
                return Match(pattern, value.ToString()) is { IsMatch: true } match ? $"{key}={Replace(match)}" : null;
            if (_isDomain)
            {
                // A leading dot has no meaning (RFC 6265, 4.1.2.3) and is kept.
                var dot = value is ['.', ..] ? "." : "";
                return value[dot.Length..].Equals(rule.From, StringComparison.OrdinalIgnoreCase) ? $"{key}={dot}{rule.To}" : null;
            }

            return value.StartsWith(rule.From, StringComparison.Ordinal) ? $"{key}={rule.To}{value[rule.From.Length..]}" : null;
        }

        /// <summary>Returns null after a timeout: the cookie is unchanged then.</summary>
        private static ExpressionMatch? Match(CompiledExpression pattern, string value)
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

        /// <summary>Inserts the groups of the match into the replacement. A group is part of an attribute, so it cannot end one.</summary>
        private string Replace(ExpressionMatch match)
        {
            var text = new StringBuilder();
            for (var i = 0; i < rule.To.Length; i++)
            {
                if (rule.To[i] == '$')
                    text.Append(match.Group(rule.To[++i] - '0'));
                else
                    text.Append(rule.To[i]);
            }

            return text.ToString();
        }
    }
}
