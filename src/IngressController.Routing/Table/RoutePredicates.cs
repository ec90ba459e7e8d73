namespace IngressController.Routing.Table;

/// <summary>The comparison of a value of a request.</summary>
public enum ValueMatch
{
    /// <summary>It equals one of the values.</summary>
    Exact,

    /// <summary>It begins with one of the values.</summary>
    Prefix,

    /// <summary>It contains one of the values.</summary>
    Contains,

    /// <summary>It is present and contains none of the values.</summary>
    NotContains,

    /// <summary>It is present and not empty.</summary>
    Exists,

    /// <summary>It is absent.</summary>
    NotExists,
}

/// <summary>A condition on a header or query parameter.</summary>
/// <param name="Name">The name, case-insensitive.</param>
/// <param name="Match">The comparison.</param>
/// <param name="Values">The values to compare with; empty for Exists and NotExists.</param>
/// <param name="IsCaseSensitive">True if values are compared case-sensitively.</param>
public sealed record ValuePredicate(string Name, ValueMatch Match, EquatableArray<string> Values, bool IsCaseSensitive);

/// <summary>The conditions on a request, besides host and path.</summary>
/// <param name="Methods">One of these, upper-case and ordered; empty means any.</param>
/// <param name="Headers">All of these.</param>
/// <param name="QueryParameters">All of these.</param>
public sealed record RoutePredicates(EquatableArray<string> Methods, EquatableArray<ValuePredicate> Headers, EquatableArray<ValuePredicate> QueryParameters)
{
    public static RoutePredicates None { get; } = new([], [], []);

    /// <summary>
    /// The predicates of a route that could not be read. It matches only requests that no other route of its path matches, and answers 503.
    /// </summary>
    public static RoutePredicates Unreadable { get; } = None with { IsUnreadable = true };

    public bool IsUnreadable { get; init; }

    /// <summary>The number of conditions: of several routes of one path, the one with more is tried first.</summary>
    public int Count => (Methods.Count > 0 ? 1 : 0) + Headers.Count + QueryParameters.Count;
}
