using IngressController.Routing.Annotations;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Matching;

/// <summary>Routes by method, header and query parameter, as in Microsoft's YARP controller.</summary>
public static class MatchingFeature
{
    public static AnnotationKey<EquatableArray<string>> Methods { get; } = new()
    {
        Name = "route-methods",
        Form = YamlForms.TextList.Select(PredicateForms.Methods, "a YAML list of methods: [GET, POST]"),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "Restricts the paths of the Ingress to requests with one of these methods. Other requests go on to the next Ingress with the "
            + "same or a shorter path, or get 404 if there is none. GET includes WebSockets over HTTP/2. For CORS, list OPTIONS too.",
    };

    public static AnnotationKey<EquatableArray<ValuePredicate>> Headers { get; } = new()
    {
        Name = "route-headers",
        Form = YamlForms.Of("a YAML list of maps with Name, Values, Mode and IsCaseSensitive", PredicateForms.Headers),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "Restricts the paths of the Ingress to requests with these headers. Mode is ExactHeader (the default), HeaderPrefix, "
            + "Contains, NotContains, Exists or NotExists. A header with several values (separated by commas; Cookie: by semicolons) is compared "
            + "value by value, and one of them is enough. All entries must match.",
    };

    public static AnnotationKey<EquatableArray<ValuePredicate>> QueryParameters { get; } = new()
    {
        Name = "route-queryparameters",
        Form = YamlForms.Of("a YAML list of maps with Name, Values, Mode and IsCaseSensitive", PredicateForms.QueryParameters),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "Restricts the paths of the Ingress to requests with these query parameters. Mode is Exact (the default), Contains, "
            + "NotContains, Prefix or Exists. A parameter that occurs more than once has no value to compare. All entries must match.",
    };

    public static AnnotationKey<int> Order { get; } = new()
    {
        Name = "route-order",
        Form = ValueForms.Integer(int.MinValue),
        Default = "0",
        Documentation = "The order of Ingresses with the same host and path: the smaller number is tried first; of equal numbers the one with more "
            + "predicates, then the oldest. Paths still take precedence: the longest first.",
    };

    public static RouteFeature Feature { get; } = new("Routes by method, header and query", [Methods, Headers, QueryParameters, Order], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        var isReadable = TryRead(annotations, Methods, out var methods) & TryRead(annotations, Headers, out var headers)
            & TryRead(annotations, QueryParameters, out var query);
        var order = annotations.Read(Order, 0);
        var policy = isReadable ? new MatchingPolicy(new RoutePredicates(methods, headers, query), order) : MatchingPolicy.Unreadable;
        return policy == MatchingPolicy.None ? [] : [policy];
    }

    /// <summary>Returns false only for a value that is set and invalid.</summary>
    private static bool TryRead<T>(AnnotationReader annotations, AnnotationKey<EquatableArray<T>> key, out EquatableArray<T> value)
    {
        if (annotations.TryRead(key, out value))
            return true;
        value = [];
        return !annotations.IsSet(key);
    }
}
