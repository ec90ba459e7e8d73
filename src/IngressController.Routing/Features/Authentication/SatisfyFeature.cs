using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Authentication;

/// <summary>One access check is enough: the allow list, basic authentication or auth-url.</summary>
public sealed record SatisfyAnyPolicy : RoutePolicy;

/// <summary>Requires all access checks, or one.</summary>
public static class SatisfyFeature
{
    public static AnnotationKey<bool> Satisfy { get; } = new()
    {
        Name = "satisfy",
        Difference = "API keys (api-key-secret) are one of the checks.",
        // The value answers "is one enough".
        Form = ValueForms.OneOf(("any", true), ("all", false)),
        Default = "all",
        Documentation = "all: a client must pass allowlist-source-range, api-key-secret, auth-type basic and auth-url, as far as they are set. any: one of them is "
            + "enough; they are checked in this order. Clients in denylist-source-range are denied either way.",
    };

    public static RouteFeature Feature { get; } = new("Satisfy", [Satisfy], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        if (!context.Annotations.Read(Satisfy, false))
            yield break;
        if (context.HasAccessCheck)
        {
            yield return new SatisfyAnyPolicy();
            yield break;
        }

        // An explicit value that equals the default is reported too.
        context.Annotations.Report(Satisfy, (ingress, field) =>
            DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "none of allowlist-source-range, api-key-secret, auth-type and auth-url is set"));
    }
}
