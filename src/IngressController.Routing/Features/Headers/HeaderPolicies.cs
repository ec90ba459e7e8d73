using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Headers;

/// <summary>A header field as it goes out. The name is a token, the value printable ASCII.</summary>
public sealed record HeaderField(string Name, string Value)
{
    public override string ToString() => $"{Name}: {Value}";
}

/// <summary>Changes to the headers of one message, made in this order: remove, set (overwriting), add (leaving what is there).</summary>
public sealed record HeaderChanges(EquatableArray<HeaderField> Set, EquatableArray<HeaderField> Add, EquatableArray<string> Remove)
{
    public override string ToString() => $"set {Set} add {Add} remove {Remove}";
}

/// <summary>Changes to what the backend gets.</summary>
public sealed record RequestHeadersPolicy(HeaderChanges Changes) : RoutePolicy;

/// <summary>Changes to what the client gets, of every response.</summary>
public sealed record ResponseHeadersPolicy(HeaderChanges Changes) : RoutePolicy;

/// <summary>Headers of every response that a ConfigMap of the tenant holds.</summary>
public sealed record CustomHeadersPolicy(EquatableArray<HeaderField> Headers) : RoutePolicy;

/// <summary>How the Domain and Path attributes of cookies that the backend sets are rewritten.</summary>
public sealed record CookieRewritePolicy(CookieRule? Domain, CookieRule? Path) : RoutePolicy;

/// <summary>How Location and Refresh of the backend's responses are rewritten.</summary>
/// <param name="From">What they must begin with.</param>
/// <param name="To">What stands in its place.</param>
public sealed record RedirectRewritePolicy(string From, string To) : RoutePolicy;
