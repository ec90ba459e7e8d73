using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Headers;

/// <summary>A header field. The name is a token, the value printable ASCII with variables of the request.</summary>
public sealed record HeaderField(string Name, ValueTemplate Value)
{
    public override string ToString() => $"{Name}: {Value}";
}

/// <summary>Changes to the headers of a message, in this order: remove, set (overwrites), add (keeps existing ones).</summary>
public sealed record HeaderChanges(EquatableArray<HeaderField> Set, EquatableArray<HeaderField> Add, EquatableArray<string> Remove)
{
    public override string ToString() => $"set {Set} add {Add} remove {Remove}";
}

/// <summary>Changes to the request headers that the backend gets.</summary>
public sealed record RequestHeadersPolicy(HeaderChanges Changes) : RoutePolicy;

/// <summary>Changes to the headers of every response.</summary>
public sealed record ResponseHeadersPolicy(HeaderChanges Changes) : RoutePolicy;

/// <summary>Headers of every response, from a ConfigMap of the tenant.</summary>
public sealed record CustomHeadersPolicy(EquatableArray<HeaderField> Headers) : RoutePolicy;

/// <summary>Rewrites the Domain and Path attributes of the backend's cookies.</summary>
public sealed record CookieRewritePolicy(CookieRule? Domain, CookieRule? Path) : RoutePolicy;

/// <summary>Rewrites the backend's Location and Refresh headers.</summary>
/// <param name="From">The prefix to replace.</param>
/// <param name="To">The replacement.</param>
public sealed record RedirectRewritePolicy(string From, string To) : RoutePolicy;
