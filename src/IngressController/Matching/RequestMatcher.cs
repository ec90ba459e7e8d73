using IngressController.Routing.Table;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace IngressController.Matching;

/// <summary>Whether a request is one that a route takes, by its method, headers and query: as YARP compares them.</summary>
internal sealed class RequestMatcher
{
    private readonly RoutePredicates _predicates;

    private RequestMatcher(RoutePredicates predicates) => _predicates = predicates;

    /// <summary>Null when any request will do.</summary>
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
        // RFC 8441: the WebSocket of an HTTP/2 client is a CONNECT where HTTP/1.1 has a GET.
        var method = request.HttpContext.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } ? HttpMethods.Get : request.Method;
        foreach (var wanted in _predicates.Methods)
        {
            if (HttpMethods.Equals(wanted, method))
                return true;
        }

        return false;
    }

    private static bool MatchHeader(ValuePredicate predicate, StringValues lines)
    {
        var isThere = !StringValues.IsNullOrEmpty(lines);
        return predicate.Match switch
        {
            ValueMatch.Exists => isThere,
            ValueMatch.NotExists => !isThere,
            ValueMatch.Contains => isThere && Contains(predicate, lines),
            ValueMatch.NotContains => isThere && !Contains(predicate, lines),
            _ => isThere && MatchAnyElement(predicate, lines),
        };
    }

    /// <summary>A parameter that stands there twice is one value to some backends and another to others, so it is none here.</summary>
    private static bool MatchQuery(ValuePredicate predicate, StringValues values)
    {
        if (values.Count > 1 && predicate.Match is ValueMatch.Exact or ValueMatch.Prefix or ValueMatch.Contains)
            return false;
        var isThere = !StringValues.IsNullOrEmpty(values);
        return predicate.Match switch
        {
            ValueMatch.Exists => isThere,
            ValueMatch.NotExists => !isThere,
            ValueMatch.Contains => isThere && Contains(predicate, values),
            ValueMatch.NotContains => isThere && !Contains(predicate, values),
            _ => isThere && MatchOne(predicate, values[0]),
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

    /// <summary>Where the first element of a list ends; a separator between quotes is a part of it.</summary>
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
        foreach (var wanted in predicate.Values)
        {
            if (predicate.Match == ValueMatch.Exact ? value.Equals(wanted, Comparison(predicate)) : value.StartsWith(wanted, Comparison(predicate)))
                return true;
        }

        return false;
    }

    private static StringComparison Comparison(ValuePredicate predicate) =>
        predicate.IsCaseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
}
