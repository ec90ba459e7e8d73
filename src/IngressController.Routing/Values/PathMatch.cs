namespace IngressController.Routing.Values;

public enum PathMatchType
{
    Exact,
    Prefix,

    /// <summary>Compared from the start, without regard to case; of a host in which one path is so, all are.</summary>
    Regex,
}

/// <summary>The path of a route.</summary>
/// <param name="Type">ImplementationSpecific is Prefix.</param>
/// <param name="Value">
/// The normalized form that requests are compared with; a Prefix has no trailing slash, but for the root. Of a Regex the pattern, which compiles.
/// </param>
public readonly record struct PathMatch(PathMatchType Type, string Value)
{
    public static PathMatch Root => new(PathMatchType.Prefix, "/");
}
