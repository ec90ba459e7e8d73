using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Retries;

/// <summary>The attempts of a request after others have failed.</summary>
public static class RetriesFeature
{
    public static AnnotationKey<RetryConditions> Conditions { get; } = new()
    {
        Name = "proxy-next-upstream",
        Form = RetryForms.Conditions,
        DefaultSetting = new("proxy-next-upstream", "the safe part of error timeout"),
        Documentation = "The failures after which a request is attempted again, at another endpoint if there is one, with its body: error, timeout, "
            + "invalid_header, the statuses http_500, http_502, http_503, http_504, http_403, http_404 and http_429; off means none. A request that an endpoint "
            + "may have processed is attempted again only if it is idempotent (GET, HEAD, PUT, DELETE, OPTIONS, TRACE), or with non_idempotent. Without the annotation a request "
            + "is attempted again if it was not processed (no connection was made, or an HTTP/2 backend refused it), and if it is idempotent and a kept "
            + "connection was closed; it is not repeated after a time-out of the response, because that multiplies the load of a slow backend. The response of "
            + "the last attempt is passed on. Nothing is repeated once a part of the response was sent to the client, and no more than the retry budget of a "
            + "fifth of the requests of the backend, which no annotation changes.",
    };

    public static AnnotationKey<int> Tries { get; } = new()
    {
        Name = "proxy-next-upstream-tries",
        Form = ValueForms.Integer(0),
        DefaultSetting = new("proxy-next-upstream-tries", "3"),
        Documentation = "The maximum number of attempts for a request, the first one included; 1 means no retry, 0 no limit but the endpoints and the "
            + "retry budget. Endpoints that refuse the connection do not count while there "
            + "is another one that did not refuse a moment ago, and an HTTP/2 backend can refuse a request 10 times.",
    };

    public static AnnotationKey<TimeSpan> Limit { get; } = new()
    {
        Name = "proxy-next-upstream-timeout",
        Form = SecondsForms.WholeOrNone,
        DefaultSetting = new("proxy-next-upstream-timeout", "0"),
        Documentation = "The time in seconds after which no other attempt begins, counted from the first one; 0 means no limit. It does not end an attempt. A "
            + "value with a unit, such as 10s, is invalid, as in ingress-nginx.",
    };

    public static AnnotationKey<int> BufferSize { get; } = new()
    {
        Name = "retry-buffer-size",
        Form = RetryForms.BufferSize,
        Default = "64k",
        Documentation = "The maximum size of a request body that is kept in memory for another attempt, until the head of the response comes. A request with a longer "
            + "one is attempted again only if nothing of its body was read.",
    };

    public static AnnotationKey<bool> RetryAfter { get; } = new()
    {
        Name = "retry-after",
        Form = RetryForms.RetryAfter,
        Default = "ignore",
        Documentation = "With respect, a response with a status of proxy-next-upstream and a Retry-After field is attempted again after that time. If it is more than "
            + "10 s, or more than the time limits of the request leave, the response is passed on, so that the client waits. With ignore the next attempt begins at once.",
    };

    public static RouteFeature Feature { get; } = new("Retries", [Conditions, Tries, Limit, BufferSize, RetryAfter], Read) { Settings = RetrySettings.Keys };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        var settings = context.Settings.Get<RetrySettings>();
        var policy = new RetryPolicy(annotations.Read(Tries, settings.MaxTries))
        {
            Conditions = annotations.TryRead(Conditions, out var conditions) ? conditions : settings.Conditions,
            Timeout = annotations.Read(Limit, settings.Timeout),
            BufferSize = annotations.Read(BufferSize, RetryPolicy.DefaultBufferSize),
            RespectsRetryAfter = annotations.Read(RetryAfter, false),
        };
        if (settings.NonIdempotent && policy.Conditions is not RetryConditions.None)
            policy = policy with { Conditions = (policy.Conditions ?? RetryConditions.Error | RetryConditions.Timeout) | RetryConditions.NonIdempotent };
        if (policy.RespectsRetryAfter && !policy.RepeatsStatuses)
        {
            annotations.Report(
                RetryAfter, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "proxy-next-upstream names no status, such as http_503"));
        }

        return policy == RetryPolicy.Default ? [] : [policy];
    }
}
