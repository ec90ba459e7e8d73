using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.YarpPolicies;

/// <summary>
/// Names of policies that Microsoft's YARP controller registers in code. None exist here, so those that control access fail closed and the
/// others are reported as without effect.
/// </summary>
public static class YarpPoliciesFeature
{
    public static AnnotationKey<string> Authorization { get; } = new()
    {
        Name = "authorization-policy",
        Form = Only("anonymous", "names an ASP.NET Core authorization policy, and this controller has none; use auth-type or auth-url"),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "anonymous allows all clients, which is the default. There are no other policies: with any other name the paths answer 503. "
            + "Use auth-type or auth-url.",
    };

    public static AnnotationKey<string> RateLimiter { get; } = new()
    {
        Name = "rate-limiter-policy",
        Form = Only("disable", "names an ASP.NET Core rate limiter policy, and this controller has none; use rate-limit"),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "disable means no limit, which is the default. There are no other policies: with any other name the paths answer 503. Use "
            + "rate-limit.",
    };

    public static AnnotationKey<string> Cors { get; } = new()
    {
        Name = "cors-policy",
        Form = ValueForms.Text,
        Documentation = "disable means no CORS headers, which is the default. There are no other policies, so other names have no effect. Use enable-cors.",
    };

    public static AnnotationKey<string> OutputCache { get; } = new()
    {
        Name = "output-cache-policy",
        Form = ValueForms.Text,
        Documentation = "Has no effect: responses are not cached.",
    };

    public static AnnotationKey<EquatableArray<KeyValuePair<string, string>>> Metadata { get; } = new()
    {
        Name = "route-metadata",
        Form = YamlForms.TextMap,
        Documentation = "Metadata of YARP routes, for extensions that read it.",
    };

    public static RouteFeature Feature { get; } = new("YARP policies and metadata", [Authorization, RateLimiter, Cors, OutputCache, Metadata], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        annotations.TryRead(Authorization, out _);
        annotations.TryRead(RateLimiter, out _);
        if (annotations.TryRead(Cors, out var cors) && !cors.Equals("disable", StringComparison.OrdinalIgnoreCase))
            ReportWithoutEffect(annotations, Cors, "this controller has no named policies; use enable-cors");
        if (annotations.TryRead(OutputCache, out _))
            ReportWithoutEffect(annotations, OutputCache, "responses are not cached");
        return annotations.TryRead(Metadata, out var metadata) && metadata.Count > 0 ? [new RouteMetadataPolicy(metadata)] : [];
    }

    private static void ReportWithoutEffect(AnnotationReader annotations, AnnotationKey key, string why) =>
        annotations.Report(key, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, why));

    private static ValueForm<string> Only(string word, string otherwise) => new(word,
        text => text.Equals(word, StringComparison.OrdinalIgnoreCase) ? word : ValueForm<string>.Refuse(otherwise));
}

/// <summary>Metadata of YARP's routes.</summary>
public sealed record RouteMetadataPolicy(EquatableArray<KeyValuePair<string, string>> Entries) : RoutePolicy;
