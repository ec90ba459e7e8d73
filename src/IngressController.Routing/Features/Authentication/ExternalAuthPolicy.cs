using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Authentication;

/// <summary>A header of the request to the authentication service.</summary>
public sealed record AuthRequestHeader(string Name, ValueTemplate Value);

/// <summary>The time for which answers of some statuses are cached.</summary>
/// <param name="Statuses">The statuses; empty means every status.</param>
/// <param name="Lifetime">The time.</param>
public sealed record AuthCacheRule(EquatableArray<int> Statuses, TimeSpan Lifetime);

/// <summary>The values of auth-url and its companions, from annotations or from the settings global-auth-url and its companions.</summary>
public sealed record ExternalAuthSettings
{
    public static EquatableArray<AuthCacheRule> DefaultCacheDuration { get; } = [new([200, 202, 401], TimeSpan.FromMinutes(5))];

    public AuthUrl? Url { get; init; }

    /// <summary>Null means GET.</summary>
    public string? Method { get; init; }

    public ValueTemplate? SignIn { get; init; }

    public string SignInRedirectParam { get; init; } = "rd";

    public EquatableArray<string> ResponseHeaders { get; init; }

    /// <summary>The value of X-Auth-Request-Redirect; null means the request's own target.</summary>
    public ValueTemplate? RequestRedirect { get; init; }

    /// <summary>The cache key of answers; null caches none.</summary>
    public ValueTemplate? CacheKey { get; init; }

    public EquatableArray<AuthCacheRule> CacheDuration { get; init; } = DefaultCacheDuration;

    public bool AlwaysSetCookie { get; init; }

    /// <summary>
    /// The redirect of clients without a login: the sign-in page and, unless its query names it already, the URL to return to. Null answers
    /// 401.
    /// </summary>
    public ValueTemplate? SignInWithReturn
    {
        get
        {
            if (SignIn is null)
                return null;
            var query = string.Concat(SignIn.Parts.Select(part => part.Variable == TemplateVariable.Literal ? part.Name : "$"));
            var mark = query.IndexOf('?', StringComparison.Ordinal);
            // As in ingress-nginx: a parameter of that name with a value is the owner's choice of the URL to return to.
            if (mark >= 0 && query[(mark + 1)..].Split('&').Any(pair => pair.StartsWith($"{SignInRedirectParam}=", StringComparison.Ordinal) && pair.Length > SignInRedirectParam.Length + 1))
                return SignIn;
            var separator = mark < 0 ? "?" : query[^1] is '?' or '&' ? "" : "&";
            return new([
                .. SignIn.Parts, new(TemplateVariable.Literal, $"{separator}{SignInRedirectParam}="), new(TemplateVariable.Scheme, ""),
                new(TemplateVariable.Literal, "://"), new(TemplateVariable.HttpHost, ""), new(TemplateVariable.EscapedRequestUri, ""),
            ]);
        }
    }
}

/// <summary>An authentication service is asked about each request: only a 2xx answer allows it.</summary>
public sealed record ExternalAuthPolicy : RoutePolicy
{
    public required AuthUrl Url { get; init; }

    /// <summary>Null means GET.</summary>
    public string? Method { get; init; }

    /// <summary>The redirect that replaces 401; null means none.</summary>
    public ValueTemplate? SignIn { get; init; }

    /// <summary>The headers of its answer that the backend gets, in place of the client's.</summary>
    public EquatableArray<string> ResponseHeaders { get; init; }

    /// <summary>Further headers of the request to it.</summary>
    public EquatableArray<AuthRequestHeader> RequestHeaders { get; init; }

    public ValueTemplate? RequestRedirect { get; init; }

    public ValueTemplate? CacheKey { get; init; }

    public EquatableArray<AuthCacheRule> CacheDuration { get; init; }

    /// <summary>True if the client gets the cookies of its answer for any status of the response.</summary>
    public bool AlwaysSetCookie { get; init; }

    /// <summary>Rules whose path begins with one of these are open.</summary>
    public EquatableArray<string> ExemptPaths { get; init; }
}
