using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Timeouts;

/// <summary>The time limits of requests and of their attempts.</summary>
public static class TimeoutsFeature
{
    private const string Unit = " A value with a unit, such as 60s, is invalid, as in ingress-nginx.";

    public static AnnotationKey<TimeSpan> Connect { get; } = new()
    {
        Name = "proxy-connect-timeout",
        Form = SecondsForms.Whole,
        DefaultSetting = new("proxy-connect-timeout", "5"),
        Documentation = "The time limit in seconds for a connection to an endpoint, TLS included. The request is attempted at another endpoint then; "
            + "if there is none, the response is 504." + Unit,
    };

    public static AnnotationKey<TimeSpan> Read { get; } = new()
    {
        Name = "proxy-read-timeout",
        Form = SecondsForms.Whole,
        DefaultSetting = new("proxy-read-timeout", "60"),
        Documentation = "The time limit in seconds between two reads from an endpoint, while it has to respond: an idle time, and not that of the whole "
            + "response. Before the head of the response the response is 504; after it the response is cut. A WebSocket or gRPC stream is idle if no "
            + "byte passes in either direction. It applies to each attempt. While the client is waited for, it does not apply." + Unit,
    };

    public static AnnotationKey<TimeSpan> Send { get; } = new()
    {
        Name = "proxy-send-timeout",
        Form = SecondsForms.Whole,
        DefaultSetting = new("proxy-send-timeout", "60"),
        Documentation = "The time limit in seconds between two writes to an endpoint: the time for which it may accept nothing of a request or a stream. "
            + "The response is 504 then; if it has begun, it is cut." + Unit,
    };

    public static AnnotationKey<TimeSpan> Request { get; } = new()
    {
        Name = "request-timeout",
        Form = TimeoutForms.Duration,
        Documentation = "The time limit for a request in total, with all attempts, from the moment it is forwarded. If the head of the response has not been "
            + "sent, the response is 504; if it has, the response is cut. It does not apply to a WebSocket once that is open.",
    };

    public static AnnotationKey<TimeSpan> StreamIdle { get; } = new()
    {
        Name = "stream-idle-timeout",
        Form = TimeoutForms.Duration,
        Default = "proxy-read-timeout and proxy-send-timeout",
        Documentation = "The time after which a WebSocket or a gRPC call ends that is idle in both directions, or whose endpoint accepts nothing. It replaces "
            + "proxy-read-timeout and proxy-send-timeout for these.",
    };

    public static AnnotationKey<TimeSpan> PerTry { get; } = new()
    {
        Name = "per-try-timeout",
        Form = TimeoutForms.Duration,
        Documentation = "The time limit for each attempt of a request until the head of the response, the connection and the body of the request included. "
            + "It ends the attempt as proxy-read-timeout does.",
    };

    public static AnnotationKey<TimeSpan> Yarp { get; } = new()
    {
        Name = "timeout",
        Form = TimeoutForms.ClockTime,
        Documentation = "The request-timeout in the format of YARP's configuration: 00:00:30 is 30 seconds. request-timeout takes precedence over it.",
    };

    public static RouteFeature Feature { get; } = new("Time limits", [Connect, Read, Send, Request, StreamIdle, PerTry, Yarp], ReadPolicies)
    {
        Settings = TimeoutSettings.Keys,
    };

    private static IEnumerable<RoutePolicy> ReadPolicies(PolicyContext context)
    {
        var annotations = context.Annotations;
        var settings = context.Settings.Get<TimeoutSettings>();
        var policy = new TimeoutPolicy(
            annotations.Read(Connect, settings.Connect), annotations.Read(Read, settings.Read), annotations.Read(Send, settings.Send))
        {
            StreamIdle = annotations.TryRead(StreamIdle, out var stream) ? stream : null,
            PerTry = annotations.TryRead(PerTry, out var perTry) ? perTry : null,
            Request = annotations.TryRead(Request, out var request) ? request : null,
        };
        if (annotations.TryRead(Yarp, out var yarp))
        {
            if (policy.Request is null)
                policy = policy with { Request = yarp };
            else
                annotations.Report(Yarp, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "request-timeout takes precedence"));
        }

        return policy == TimeoutPolicy.Default ? [] : [policy];
    }
}
