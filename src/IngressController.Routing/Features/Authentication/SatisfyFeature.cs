using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Features.IpAccess;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Authentication;

/// <summary>One of the allow list, basic authentication and auth-url is enough to get in.</summary>
public sealed record SatisfyAnyPolicy : RoutePolicy;

/// <summary>Whether all protections have to be passed, or one.</summary>
public static class SatisfyFeature
{
    public static AnnotationKey<bool> Satisfy { get; } = new()
    {
        Name = "satisfy",
        // Read as "is one enough".
        Form = ValueForms.OneOf(("any", true), ("all", false)),
        Default = "all",
        Documentation = "all: a client must pass allowlist-source-range, auth-type basic and auth-url, as far as they are set. any: one of them is "
            + "enough; they are checked in this order. Clients in denylist-source-range are denied either way.",
    };

    public static RouteFeature Feature { get; } = new("Satisfy", [Satisfy], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        if (!context.Annotations.Read(Satisfy, false))
            yield break;
        if (context.Annotations.IsSet(IpAccessFeature.AllowlistSourceRange) || context.Settings.AllowlistSourceRange is not null
            || context.Annotations.IsSet(BasicAuthFeature.AuthType) || context.Annotations.IsSet(ExternalAuthFeature.AuthUrl) || context.Settings.GlobalAuth.Url is not null)
        {
            yield return new SatisfyAnyPolicy();
            yield break;
        }

        // It is set: the default is all.
        context.Annotations.Report(Satisfy, (ingress, field) =>
            DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "none of allowlist-source-range, auth-type and auth-url is set"));
    }
}
