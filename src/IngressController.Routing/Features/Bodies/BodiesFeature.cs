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
        DefaultSetting = new("proxy-body-size", "1m"),
        Documentation = "The maximum size of a request body; 0 means no limit. A request whose Content-Length is larger is answered 413 before "
            + "redirects and authentication. One without Content-Length (chunked or HTTP/2) is answered 413 when it exceeds the limit, or cut off if "
            + "the response has begun. The messages of a gRPC call are its body, so long-lived streams need 0. The bytes of a WebSocket do not count.",
    };

    public static AnnotationKey<int> LimitRate { get; } = new()
    {
        Name = "limit-rate",
        Form = ValueForms.Integer(0),
        DefaultSetting = new("limit-rate", "0"),
        Documentation = "The rate at which the body of each response is sent, in KiB per second; 0 means no limit. Each response has its own limit, "
            + "also for the same client. The bytes of a WebSocket do not count.",
    };

    public static AnnotationKey<int> LimitRateAfter { get; } = new()
    {
        Name = "limit-rate-after",
        Form = ValueForms.Integer(0),
        DefaultSetting = new("limit-rate-after", "0"),
        Documentation = "The number of KiB of each response that are sent before limit-rate applies.",
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
