using System.Globalization;
using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Authentication;

/// <summary>The forms of auth-url and its companions.</summary>
internal static class AuthForms
{
    private static readonly string[] HopByHop =
    [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "http2-settings", "expect", "host", "cdn-loop",
    ];

    /// <summary>The headers that .NET sends with a body, and none other that begins with Content-.</summary>
    private static readonly string[] OfTheBody =
    [
        "allow", "content-disposition", "content-encoding", "content-language", "content-length", "content-location", "content-md5", "content-range",
        "content-type", "expires", "last-modified",
    ];

    public static ValueForm<AuthUrl> Url { get; } = new("an http or https URL; may contain variables such as $host", AuthUrlParser.Read);

    public static ValueForm<ValueTemplate> SignIn { get; } = new("a URL or an absolute path; may contain variables such as $host", AuthUrlParser.ReadSignIn);

    public static ValueForm<string> Method { get; } = new("GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS", text =>
        text is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS"
            ? text
            : ValueForm<string>.Refuse("is not a supported method; write one in upper case, such as GET or POST"));

    public static ValueForm<string> QueryParameter { get; } = new("the name of a query parameter", text =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? text : ValueForm<string>.Refuse("is not the name of a query parameter"));

    public static ValueForm<ValueTemplate> Template { get; } = new("text; may contain variables such as $request_uri", text =>
        ValueTemplate.TryParse(text, TemplatePlace.Authentication, out var template, out var problem) ? template : ValueForm<ValueTemplate>.Refuse(problem));

    /// <summary>Headers of the service's answer that the backend gets.</summary>
    public static ValueForm<EquatableArray<string>> ResponseHeaders { get; } = ValueForms.List.Select<EquatableArray<string>>(
        names => names.Select(name => (name, problem: BackendHeaderProblem(name))).FirstOrDefault(found => found.problem is not null) is { problem: { } problem, name: var wrong }
            ? ValueForm<EquatableArray<string>>.Refuse($"contains {wrong}, which {problem}")
            : names,
        "a comma-separated list of header names");

    public static ValueForm<EquatableArray<AuthCacheRule>> CacheDuration { get; } = new("status codes and a duration, such as 200 202 401 5m; several separated by commas", text =>
    {
        var rules = new List<AuthCacheRule>();
        foreach (var entry in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (ReadCacheRule(entry) is not { } rule)
                return ValueForm<EquatableArray<AuthCacheRule>>.Refuse($"contains \"{entry}\", which is not status codes and a duration, such as 200 202 5m");
            rules.Add(rule);
        }

        return rules.Count == 0 ? ExternalAuthSettings.DefaultCacheDuration : new EquatableArray<AuthCacheRule>([.. rules]);
    });

    /// <summary>The reason why a header cannot be set for the backend; null when it can.</summary>
    public static string? BackendHeaderProblem(string name) =>
        RequestHeaderProblem(name) is { } problem ? problem
        // CGI reads Proxy as HTTP_PROXY (httpoxy).
        : ProxyHeaders.Contains(name) || name.Equals("Proxy", StringComparison.OrdinalIgnoreCase)
            ? "only the proxy sets"
            : null;

    /// <summary>The reason why a header cannot be set in any request; null when it can.</summary>
    public static string? RequestHeaderProblem(string name)
    {
        if (!HttpToken.IsToken(name))
            return "is not a header name";
        var plain = name.Replace('_', '-').ToLowerInvariant();
        return HopByHop.Contains(plain) || OfTheBody.Contains(plain) ? "belongs to the connection or the body" : null;
    }

    private static AuthCacheRule? ReadCacheRule(string entry)
    {
        var words = entry.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (ReadDuration(words[^1]) is not { } lifetime)
            return null;
        var statuses = new List<int>();
        foreach (var word in words.AsSpan(0, words.Length - 1))
        {
            if (word == "any" && words.Length == 2)
                return new([], lifetime);
            if (word.Length != 3 || !int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status < 200)
                return null;
            statuses.Add(status);
        }

        // nginx's statuses when none is named.
        return new(statuses.Count == 0 ? [200, 301, 302] : [.. statuses], lifetime);
    }

    private static TimeSpan? ReadDuration(string word)
    {
        var digits = word.TakeWhile(char.IsAsciiDigit).Count();
        TimeSpan? unit = word[digits..] switch
        {
            "ms" => TimeSpan.FromMilliseconds(1),
            "s" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            "d" => TimeSpan.FromDays(1),
            "w" => TimeSpan.FromDays(7),
            "M" => TimeSpan.FromDays(30),
            "y" => TimeSpan.FromDays(365),
            _ => null,
        };
        return unit is { } one && int.TryParse(word.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= TimeSpan.FromDays(3650) / one
            ? number * one
            : null;
    }
}
