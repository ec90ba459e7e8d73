using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Bodies;

/// <summary>The size of request bodies and the speed of responses.</summary>
public static class BodiesFeature
{
    public static AnnotationKey<long> ProxyBodySize { get; } = new()
    {
        Name = "proxy-body-size",
        Form = ValueForms.Size,
        Default = "the setting of the same name, 1m",
        Documentation = "How large a request body may be; 0 means any size. A request that says at once that its body is larger is answered 413 before "
            + "redirects and authentication; one that does not say it (chunked, or HTTP/2 without Content-Length) is answered 413 when it exceeds the limit, "
            + "or cut off when the response has begun by then. What a gRPC call sends counts as its body, so long-lived streams want 0. The bytes of a "
            + "WebSocket do not count.",
    };

    public static AnnotationKey<int> LimitRate { get; } = new()
    {
        Name = "limit-rate",
        Form = ValueForms.Integer(0),
        Default = "the setting of the same name, 0",
        Documentation = "How fast the body of each response goes out, in KiB per second; 0 means at full speed. Two requests of one client are two responses. "
            + "The bytes of a WebSocket do not count.",
    };

    public static AnnotationKey<int> LimitRateAfter { get; } = new()
    {
        Name = "limit-rate-after",
        Form = ValueForms.Integer(0),
        Default = "the setting of the same name, 0",
        Documentation = "How many KiB of each response go out at full speed before limit-rate counts.",
    };

    public static RouteFeature Feature { get; } = new("Bodies", [ProxyBodySize, LimitRate, LimitRateAfter], Read) { Settings = BodySettings.Keys };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        // The setting makes no policy: the host reads it for each body.
        if (annotations.TryRead(ProxyBodySize, out var size))
            yield return new BodySizePolicy(size);

        var settings = context.Settings.Get<BodySettings>();
        var rate = annotations.Read(LimitRate, settings.LimitRate);
        var after = annotations.Read(LimitRateAfter, settings.LimitRateAfter);
        if (rate > 0)
            yield return new ResponseRatePolicy(rate * 1024L, after * 1024L);
        else if (after > 0 && annotations.IsSet(LimitRateAfter))
            annotations.Report(LimitRateAfter, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "limit-rate is 0 or not set"));
    }
}
