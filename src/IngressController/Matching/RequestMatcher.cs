using IngressController.Routing.Table;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace IngressController.Matching;

/// <summary>Matches the method, headers and query of a request against the predicates of a route, as YARP does.</summary>
internal sealed class RequestMatcher
{
    private readonly RoutePredicates _predicates;

    private RequestMatcher(RoutePredicates predicates) => _predicates = predicates;

    /// <summary>Returns null if there are no predicates: every request matches.</summary>
    public static RequestMatcher? Of(RoutePredicates predicates) => predicates.Count == 0 ? null : new RequestMatcher(predicates);

    public bool Match(HttpRequest request)
    {
        if (_predicates.Methods.Count > 0 && !MatchMethod(request))
            return false;
        foreach (var predicate in _predicates.Headers)
        {
            if (!MatchHeader(predicate, request.Headers[predicate.Name]))
                return false;
        }

        foreach (var predicate in _predicates.QueryParameters)
        {
            if (!MatchQuery(predicate, request.Query[predicate.Name]))
                return false;
        }

        return true;
    }

    private bool MatchMethod(HttpRequest request)
    {
        // RFC 8441: a WebSocket is opened by CONNECT in HTTP/2 and by GET in HTTP/1.1.
        var method = request.HttpContext.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } ? HttpMethods.Get : request.Method;
        foreach (var expected in _predicates.Methods)
        {
            if (HttpMethods.Equals(expected, method))
                return true;
        }

        return false;
    }

    private static bool MatchHeader(ValuePredicate predicate, StringValues lines)
    {
        var isPresent = !StringValues.IsNullOrEmpty(lines);
        return predicate.Match switch
        {
            ValueMatch.Exists => isPresent,
            ValueMatch.NotExists => !isPresent,
            ValueMatch.Contains => isPresent && Contains(predicate, lines),
            ValueMatch.NotContains => isPresent && !Contains(predicate, lines),
            _ => isPresent && MatchAnyElement(predicate, lines),
        };
    }

    /// <summary>Exact, Prefix and Contains never match a repeated parameter: backends differ in which of its values they use.</summary>
    private static bool MatchQuery(ValuePredicate predicate, StringValues values)
    {
        if (values.Count > 1 && predicate.Match is ValueMatch.Exact or ValueMatch.Prefix or ValueMatch.Contains)
            return false;
        var isPresent = !StringValues.IsNullOrEmpty(values);
        return predicate.Match switch
        {
            ValueMatch.Exists => isPresent,
            ValueMatch.NotExists => !isPresent,
            ValueMatch.Contains => isPresent && Contains(predicate, values),
            ValueMatch.NotContains => isPresent && !Contains(predicate, values),
            _ => isPresent && MatchOne(predicate, values[0]),
        };
    }

    private static bool Contains(ValuePredicate predicate, StringValues lines)
    {
        foreach (var line in lines)
        {
            foreach (var value in predicate.Values)
            {
                if (line is not null && line.Contains(value, Comparison(predicate)))
                    return true;
            }
        }

        return false;
    }

    private static bool MatchAnyElement(ValuePredicate predicate, StringValues lines)
    {
        var separator = predicate.Name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? ';' : ',';
        foreach (var line in lines)
        {
            var rest = line.AsSpan();
            while (!rest.IsEmpty)
            {
                var end = ElementEnd(rest, separator);
                var element = rest[..end].Trim(" \t");
                if (element.Length > 1 && element[0] == '"' && element[^1] == '"')
                    element = element[1..^1];
                if (MatchOne(predicate, element))
                    return true;
                rest = rest[Math.Min(end + 1, rest.Length)..];
            }
        }

        return false;
    }

    /// <summary>The end of the first element of a list. A separator between quotes belongs to the element.</summary>
    private static int ElementEnd(ReadOnlySpan<char> list, char separator)
    {
        var isQuoted = false;
        for (var i = 0; i < list.Length; i++)
        {
            if (list[i] == '"')
                isQuoted = !isQuoted;
            else if (list[i] == separator && !isQuoted)
                return i;
        }

        return list.Length;
    }

    private static bool MatchOne(ValuePredicate predicate, ReadOnlySpan<char> value)
    {
        foreach (var expected in predicate.Values)
        {
            if (predicate.Match == ValueMatch.Exact ? value.Equals(expected, Comparison(predicate)) : value.StartsWith(expected, Comparison(predicate)))
                return true;
        }

        return false;
    }

    private static StringComparison Comparison(ValuePredicate predicate) =>
        predicate.IsCaseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
}
