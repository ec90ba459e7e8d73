using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.LoadBalancing;

/// <summary>Requests with the same key go to the same endpoint, or to the same few.</summary>
public static class HashFeature
{
    private const int DefaultSubsetSize = 3;

    public static AnnotationKey<ValueTemplate> HashBy { get; } = new()
    {
        Name = "upstream-hash-by",
        Difference = "An empty value is not hashed.",
        Form = new("text with variables, such as $request_uri", text =>
            !ValueTemplate.TryParse(text, TemplatePlace.HashKey, out var template, out var problem) ? ValueForm<ValueTemplate>.Refuse(problem)
            : template.IsLiteral ? ValueForm<ValueTemplate>.Refuse("has no variable, so one endpoint would get all requests; use one such as $request_uri")
            : template),
        Default = "none",
        Documentation = "Selects the endpoint by a hash of a value of the request, such as $request_uri, $remote_addr, $http_x_user, $cookie_user, $arg_id or "
            + "several of them. The hash is consistent: when an endpoint comes, it takes its share from the others, when one goes, its share is "
            + "spread over the others, and nothing else moves. All replicas select the same endpoint. Shares differ by about 8 %. A request "
            + "whose value is empty is balanced as load-balance says. If the endpoint took no connection a moment ago, the next one of the hash gets the request.",
    };

    public static AnnotationKey<bool> Subset { get; } = new()
    {
        Name = "upstream-hash-by-subset",
        Form = ValueForms.Boolean,
        Default = "false",
        Documentation = "The hash selects several endpoints (upstream-hash-by-subset-size), of which each request gets a random one. A change of the endpoints "
            + "replaces at most one of them.",
    };

    public static AnnotationKey<int> SubsetSize { get; } = new()
    {
        Name = "upstream-hash-by-subset-size",
        Form = ValueForms.Integer(1),
        Default = "3",
        Documentation = "The number of endpoints that the hash selects with upstream-hash-by-subset. More than there are means all.",
    };

    public static RouteFeature Feature { get; } = new("Hash of a value", [HashBy, Subset, SubsetSize], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        if (annotations.IsEmpty)
            return [];
        var isSubset = annotations.Read(Subset, false);
        if (!isSubset && annotations.IsSet(SubsetSize) && !annotations.IsSet(Subset))
            annotations.Report(SubsetSize, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "upstream-hash-by-subset is not \"true\""));
        var size = isSubset ? annotations.Read(SubsetSize, DefaultSubsetSize) : (int?)null;
        if (annotations.TryRead(HashBy, out var key))
            return [new HashPolicy(key, size)];
        if (isSubset && !annotations.IsSet(HashBy))
            annotations.Report(Subset, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "upstream-hash-by is not set"));
        return [];
    }
}

/// <summary>Selects the endpoint by a hash.</summary>
/// <param name="Key">The value of a request.</param>
/// <param name="SubsetSize">The number of endpoints of which each request gets a random one; null for one.</param>
public sealed record HashPolicy(ValueTemplate Key, int? SubsetSize) : RoutePolicy;
