namespace IngressController.Routing.Table;

/// <summary>How a value of a request is compared.</summary>
public enum ValueMatch
{
    /// <summary>One of the values, as a whole.</summary>
    Exact,

    /// <summary>It begins with one of the values.</summary>
    Prefix,

    /// <summary>One of the values is in it.</summary>
    Contains,

    /// <summary>It is there, and none of the values is in it.</summary>
    NotContains,

    /// <summary>It is there and not empty.</summary>
    Exists,

    /// <summary>It is not there.</summary>
    NotExists,
}

/// <summary>What a header or a query parameter of a request must be like.</summary>
/// <param name="Name">Its name; compared without regard to case.</param>
/// <param name="Match">How it is compared.</param>
/// <param name="Values">With what; empty for Exists and NotExists.</param>
/// <param name="IsCaseSensitive">Whether case matters in the values.</param>
public sealed record ValuePredicate(string Name, ValueMatch Match, EquatableArray<string> Values, bool IsCaseSensitive);

/// <summary>What a request must be like, besides host and path, for a route to take it.</summary>
/// <param name="Methods">One of these, in upper case and in order; none means any.</param>
/// <param name="Headers">All of these.</param>
/// <param name="QueryParameters">All of these.</param>
public sealed record RoutePredicates(EquatableArray<string> Methods, EquatableArray<ValuePredicate> Headers, EquatableArray<ValuePredicate> QueryParameters)
{
    public static RoutePredicates None { get; } = new([], [], []);

    /// <summary>
    /// Those of a route whose predicates cannot be understood. It takes what no other route of its path takes, and answers 503: which
    /// requests were meant for it nobody can say, so it stands in nobody's way.
    /// </summary>
    public static RoutePredicates Unreadable { get; } = None with { IsUnreadable = true };

    public bool IsUnreadable { get; init; }

    /// <summary>How many there are: of several routes of one path, the more particular one is tried first.</summary>
    public int Count => (Methods.Count > 0 ? 1 : 0) + Headers.Count + QueryParameters.Count;
}
