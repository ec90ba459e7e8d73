using System.Text.RegularExpressions;
using IngressController.Http;
using IngressController.Routing.Expressions;
using IngressController.Routing.Table;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.Canary;

/// <summary>What the header and the cookie of a request say about a canary.</summary>
internal enum CanaryAnswer
{
    /// <summary>Neither decides; the weight does.</summary>
    Undecided,
    SelectedByHeader,
    ExcludedByHeader,
    SelectedByCookie,
    ExcludedByCookie,
}

/// <summary>Asks the header and the cookie of requests about one canary.</summary>
internal sealed class CanaryMatcher(CanaryPolicy rules)
{
    private const string Always = "always";
    private const string Never = "never";

    private readonly string _value = rules.Header is { Match: CanaryHeaderMatch.Value } header ? new TextPattern(TextMatch.Whole, header.Text).HeaderText : "";

    private readonly CompiledExpression? _pattern =
        rules.Header is { Match: CanaryHeaderMatch.Pattern } header ? new TextPattern(TextMatch.Pattern, header.Text).Compile() : null;

    public CanaryAnswer Ask(IHeaderDictionary headers)
    {
        if (rules.Header is { } header && headers.TryGetValue(header.Name, out var values) && values.Count > 0)
        {
            var answer = AskHeader(header.Match, values);
            if (answer != CanaryAnswer.Undecided)
                return answer;
        }

        if (rules.Cookie is not { } cookie)
            return CanaryAnswer.Undecided;
        // As in nginx, where the names of variables are case-insensitive.
        var value = RequestCookies.Find(headers.Cookie, cookie, StringComparison.OrdinalIgnoreCase);
        return value.SequenceEqual(Always) ? CanaryAnswer.SelectedByCookie
            : value.SequenceEqual(Never) ? CanaryAnswer.ExcludedByCookie
            : CanaryAnswer.Undecided;
    }

    private CanaryAnswer AskHeader(CanaryHeaderMatch match, StringValues values)
    {
        // Several lines are one list (RFC 9110, 5.3).
        var value = values.Count == 1 ? values[0] ?? "" : string.Join(", ", values.ToArray());
        return match switch
        {
            CanaryHeaderMatch.Value => value == _value ? CanaryAnswer.SelectedByHeader : CanaryAnswer.Undecided,
            CanaryHeaderMatch.Pattern => AskPattern(value),
            CanaryHeaderMatch.AlwaysOrNever => value switch
            {
                Always => CanaryAnswer.SelectedByHeader,
                Never => CanaryAnswer.ExcludedByHeader,
                _ => CanaryAnswer.Undecided,
            },
            _ => CanaryAnswer.ExcludedByHeader,
        };
    }

    /// <summary>As in ingress-nginx, a match that fails excludes the canary.</summary>
    private CanaryAnswer AskPattern(string value)
    {
        try
        {
            return _pattern!.IsMatch(value) ? CanaryAnswer.SelectedByHeader : CanaryAnswer.Undecided;
        }
        catch (RegexMatchTimeoutException)
        {
            return CanaryAnswer.ExcludedByHeader;
        }
    }
}
