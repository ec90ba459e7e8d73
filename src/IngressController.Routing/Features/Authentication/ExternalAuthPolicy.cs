using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Authentication;

/// <summary>A header of the request to the authentication service.</summary>
public sealed record AuthRequestHeader(string Name, ValueTemplate Value);

/// <summary>How long answers of some statuses are kept.</summary>
/// <param name="Statuses">The statuses; none means every status.</param>
/// <param name="Lifetime">For how long.</param>
public sealed record AuthCacheRule(EquatableArray<int> Statuses, TimeSpan Lifetime);

/// <summary>The annotations auth-url and its like, or the settings global-auth-url and its like, which mean the same.</summary>
public sealed record ExternalAuthSettings
{
    public static EquatableArray<AuthCacheRule> DefaultCacheDuration { get; } = [new([200, 202, 401], TimeSpan.FromMinutes(5))];

    public AuthUrl? Url { get; init; }

    /// <summary>Null is GET.</summary>
    public string? Method { get; init; }

    public ValueTemplate? SignIn { get; init; }

    public string SignInRedirectParam { get; init; } = "rd";

    public EquatableArray<string> ResponseHeaders { get; init; }

    /// <summary>What X-Auth-Request-Redirect says; null is the request's own target.</summary>
    public ValueTemplate? RequestRedirect { get; init; }

    /// <summary>What answers are kept by; null keeps none.</summary>
    public ValueTemplate? CacheKey { get; init; }

    public EquatableArray<AuthCacheRule> CacheDuration { get; init; } = DefaultCacheDuration;

    public bool AlwaysSetCookie { get; init; }

    /// <summary>
    /// Where clients without a login are sent: the sign-in page and, unless its query says so already, where to go from there.
    /// Null answers 401.
    /// </summary>
    public ValueTemplate? SignInWithReturn
    {
        get
        {
            if (SignIn is null)
                return null;
            var query = string.Concat(SignIn.Parts.Select(part => part.Variable == TemplateVariable.Literal ? part.Name : "$"));
            var mark = query.IndexOf('?', StringComparison.Ordinal);
            // As ingress-nginx: a parameter of that name with a value is the owner's own choice of where to return to.
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

/// <summary>Another service is asked about each request: only what it answers 2xx to gets in.</summary>
public sealed record ExternalAuthPolicy : RoutePolicy
{
    public required AuthUrl Url { get; init; }

    /// <summary>Null is GET.</summary>
    public string? Method { get; init; }

    /// <summary>Where 401 sends the client instead; null sends nowhere.</summary>
    public ValueTemplate? SignIn { get; init; }

    /// <summary>The headers of its answer that the backend gets; the client's own of these names never reach it.</summary>
    public EquatableArray<string> ResponseHeaders { get; init; }

    /// <summary>What it is told besides.</summary>
    public EquatableArray<AuthRequestHeader> RequestHeaders { get; init; }

    public ValueTemplate? RequestRedirect { get; init; }

    public ValueTemplate? CacheKey { get; init; }

    public EquatableArray<AuthCacheRule> CacheDuration { get; init; }

    /// <summary>Whether the client gets its cookies whatever the status is.</summary>
    public bool AlwaysSetCookie { get; init; }

    /// <summary>Rules whose path begins with one of these are open.</summary>
    public EquatableArray<string> ExemptPaths { get; init; }
}
