namespace IngressController.Routing.Values;

public enum PathMatchType
{
    Exact,
    Prefix,

    /// <summary>A case-insensitive expression, anchored at the start. If one path of a host is a Regex, all are.</summary>
    Regex,
}

/// <summary>The path of a route.</summary>
/// <param name="Type">ImplementationSpecific is Prefix.</param>
/// <param name="Value">
/// The normalized form that requests are compared with, without trailing slash except for the root; for Regex, an expression that compiles.
/// </param>
public readonly record struct PathMatch(PathMatchType Type, string Value)
{
    public static PathMatch Root => new(PathMatchType.Prefix, "/");
}
