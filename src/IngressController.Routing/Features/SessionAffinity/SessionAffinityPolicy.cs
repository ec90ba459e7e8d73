using IngressController.Routing.Table;

namespace IngressController.Routing.Features.SessionAffinity;

/// <summary>Whether a session moves to another endpoint while its own one exists.</summary>
public enum SessionMode
{
    /// <summary>New endpoints take over their share of the sessions.</summary>
    Balanced,

    /// <summary>A session stays on its endpoint for as long as it exists.</summary>
    Persistent,
}

/// <summary>The SameSite attribute of a cookie.</summary>
public enum SameSite
{
    None,
    Lax,
    Strict,
}

/// <summary>Keeps each client on one endpoint by a cookie.</summary>
/// <param name="Mode">Whether sessions move to new endpoints.</param>
/// <param name="Cookie">The cookie.</param>
/// <param name="ChangesOnFailure">True if a session moves to another endpoint when its own one fails.</param>
public sealed record SessionAffinityPolicy(SessionMode Mode, SessionCookieSettings Cookie, bool ChangesOnFailure) : RoutePolicy;

/// <summary>Name and attributes of the cookie of a session. It is always HttpOnly.</summary>
public sealed record SessionCookieSettings
{
    public string Name { get; init; } = "INGRESSCOOKIE";

    /// <summary>The Path; null for the path of the rule.</summary>
    public string? Path { get; init; }

    public string? Domain { get; init; }

    /// <summary>The Max-Age in seconds; null for none.</summary>
    public int? MaxAge { get; init; }

    /// <summary>The time from now to Expires, in seconds; null for none.</summary>
    public int? Expires { get; init; }

    public SameSite? SameSite { get; init; }

    /// <summary>True to omit SameSite=None for browsers that take it for Strict.</summary>
    public bool OmitsNoneForOldBrowsers { get; init; }

    /// <summary>True if it is always Secure; false if only for clients that use https.</summary>
    public bool IsAlwaysSecure { get; init; }
}
