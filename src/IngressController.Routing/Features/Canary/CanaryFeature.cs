using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Expressions;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Canary;

/// <summary>Canaries: Ingresses whose backends get some of the requests of other Ingresses.</summary>
public static class CanaryFeature
{
    public static AnnotationKey<bool> Switch { get; } = new()
    {
        Name = "canary",
        Form = ValueForms.Boolean,
        Default = "false",
        CanaryUse = CanaryUse.Switch,
        Difference = "Several canaries of a path are asked in turn, and their weights add up; ingress-nginx takes one.",
        Documentation = "Makes the Ingress a canary: its backends get some of the requests of the Ingresses with the same host, path and type of path, also "
            + "in other namespaces. Header, cookie and weight are asked in this order. A canary serves nothing by itself: without such a main Ingress it has "
            + "no route, the main Ingress decides all other policies, and its certificates and aliases. Requests go to the main backend if the canary has no "
            + "endpoint, and are answered 503 if the main backend has none. Several canaries of a path are asked in turn, the oldest first, and their weights "
            + "add up.",
    };

    public static AnnotationKey<string> Header { get; } = new()
    {
        Name = "canary-by-header",
        Form = Token("a header name", "is not a header name"),
        CanaryUse = CanaryUse.Own,
        Documentation = "The request header that decides first: `always` selects the canary, `never` excludes it, and any other value leaves the request to "
            + "cookie and weight. Values are case-sensitive.",
    };

    public static AnnotationKey<string> HeaderValue { get; } = new()
    {
        Name = "canary-by-header-value",
        Form = ValueForms.Text,
        CanaryUse = CanaryUse.Own,
        Documentation = "The value of canary-by-header that selects the canary, case-sensitive, instead of `always`. Any other value leaves the request to cookie "
            + "and weight, also `never`.",
    };

    public static AnnotationKey<string> HeaderPattern { get; } = new()
    {
        Name = "canary-by-header-pattern",
        Form = new ValueForm<string>("a regular expression", text => Expression.TryParse(text, ignoresCase: false, out var problem) is null
            ? ValueForm<string>.Refuse($"is not a usable regular expression: it {problem}")
            : text),
        CanaryUse = CanaryUse.Own,
        WhenInvalid = "requests with the header go to the main backend",
        Documentation = "A regular expression, instead of canary-by-header-value: a value of canary-by-header in which it matches anywhere selects the canary, "
            + "case-sensitive. Any other value leaves the request to cookie and weight.",
    };

    public static AnnotationKey<string> Cookie { get; } = new()
    {
        Name = "canary-by-cookie",
        Form = Token("a cookie name", "is not a cookie name"),
        CanaryUse = CanaryUse.Own,
        Documentation = "The cookie that decides if the header does not: `always` selects the canary, `never` excludes it, and any other value leaves the request "
            + "to the weight. The name is case-insensitive, as in nginx; the values are case-sensitive.",
    };

    public static AnnotationKey<int> Weight { get; } = new()
    {
        Name = CanaryPolicy.WeightAnnotation,
        Form = ValueForms.Integer(0),
        Default = "0",
        CanaryUse = CanaryUse.Own,
        Documentation = "The number of requests out of canary-weight-total that the canary gets of those that neither header nor cookie decides, at random for each "
            + "request. The canary gets all of them if it is not less than the total.",
    };

    public static AnnotationKey<int> WeightTotal { get; } = new()
    {
        Name = "canary-weight-total",
        Form = ValueForms.Integer(CanaryPolicy.DefaultTotal),
        Default = "100",
        CanaryUse = CanaryUse.Own,
        Documentation = "The total that canary-weight is a part of. As in ingress-nginx, it cannot be less than 100.",
    };

    public static RouteFeature Feature { get; } = new("Canary", [Switch, Header, HeaderValue, HeaderPattern, Cookie, Weight, WeightTotal], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        annotations.Read(Switch, false);
        if (annotations.IsCanary)
            return [ReadCanary(annotations)];
        if (!annotations.IsSet(Switch))
            ReportWithoutEffect(annotations, "set canary to \"true\"", Header, HeaderValue, HeaderPattern, Cookie, Weight, WeightTotal);
        return [];
    }

    private static CanaryPolicy ReadCanary(AnnotationReader annotations)
    {
        var header = ReadHeader(annotations);
        var cookie = annotations.TryRead(Cookie, out var name) ? name : null;
        if (!annotations.IsSet(Weight))
            ReportWithoutEffect(annotations, "set canary-weight", WeightTotal);
        var policy = new CanaryPolicy(header, cookie, annotations.Read(Weight, 0), annotations.Read(WeightTotal, CanaryPolicy.DefaultTotal));
        if (policy.Weight > policy.Total)
            annotations.Report(Weight, (ingress, field) => DiagnosticCatalog.CanaryWeightAboveTotal(ingress, field, policy.Weight, policy.Total));
        // A weight of 0 is how a rollout waits.
        if (header is null && cookie is null && !annotations.IsSet(Weight))
            ReportWithoutEffect(annotations, "it gets no request; set canary-by-header, canary-by-cookie or canary-weight", Switch);
        return policy;
    }

    private static CanaryHeader? ReadHeader(AnnotationReader annotations)
    {
        if (!annotations.TryRead(Header, out var name))
        {
            if (!annotations.IsSet(Header))
                ReportWithoutEffect(annotations, "set canary-by-header", HeaderValue, HeaderPattern);
            return null;
        }

        if (annotations.TryRead(HeaderValue, out var value))
        {
            ReportWithoutEffect(annotations, "canary-by-header-value takes precedence", HeaderPattern);
            return new CanaryHeader(name, CanaryHeaderMatch.Value, value);
        }

        if (annotations.TryRead(HeaderPattern, out var pattern))
            return new CanaryHeader(name, CanaryHeaderMatch.Pattern, pattern);
        return new CanaryHeader(name, annotations.IsSet(HeaderPattern) ? CanaryHeaderMatch.InvalidPattern : CanaryHeaderMatch.AlwaysOrNever, "");
    }

    private static void ReportWithoutEffect(AnnotationReader annotations, string why, params ReadOnlySpan<AnnotationKey> keys)
    {
        foreach (var key in keys)
        {
            if (annotations.IsSet(key))
                annotations.Report(key, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, why));
        }
    }

    private static ValueForm<string> Token(string description, string problem) =>
        new(description, text => HttpToken.IsToken(text) ? text : ValueForm<string>.Refuse(problem));
}
