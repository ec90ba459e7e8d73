using System.Globalization;
using IngressController.Routing.Features.RateLimiting;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.RateLimiting;

/// <summary>Tells clients their limits: <c>Retry-After</c> (RFC 9110, 10.2.3) and draft-ietf-httpapi-ratelimit-headers-10.</summary>
internal static class RateLimitHeaders
{
    private const string Policy = "RateLimit-Policy";
    private const string Limit = "RateLimit";

    /// <summary>Adds a rule's item to both fields. Called once per rule, in order; the fields are lists.</summary>
    public static void Append(HttpResponse response, RateLimitRule rule, in RateLimitDecision decision)
    {
        Append(response, Policy, PolicyItem(rule));
        Append(response, Limit, LimitItem(rule, decision));
    }

    /// <summary>In whole seconds, rounded up: a client that obeys is not refused again. At least 1, also where nobody knows.</summary>
    public static void WriteRetryAfter(HttpResponse response, in RateLimitDecision decision) =>
        response.Headers.RetryAfter = Math.Max(1, Seconds(decision.RetryAfter)).ToString(CultureInfo.InvariantCulture);

    /// <summary>The limit as it was declared, also where each replica grants a part of it: that is what a client can count on.</summary>
    private static string PolicyItem(RateLimitRule rule) => rule.Algorithm == RateLimitAlgorithmKind.Concurrency
        ? string.Create(CultureInfo.InvariantCulture, $"\"{rule.Name}\";q={rule.Limit};qu=\"concurrent-requests\"")
        : string.Create(CultureInfo.InvariantCulture, $"\"{rule.Name}\";q={rule.Limit};w={Math.Max(1, Seconds(rule.Window))}");

    private static string LimitItem(RateLimitRule rule, in RateLimitDecision decision) => decision.ResetAfter > TimeSpan.Zero
        ? string.Create(CultureInfo.InvariantCulture, $"\"{rule.Name}\";r={decision.Remaining};t={Seconds(decision.ResetAfter)}")
        : string.Create(CultureInfo.InvariantCulture, $"\"{rule.Name}\";r={decision.Remaining}");

    private static void Append(HttpResponse response, string name, string item)
    {
        var before = response.Headers[name];
        response.Headers[name] = StringValues.IsNullOrEmpty(before) ? item : $"{before}, {item}";
    }

    private static long Seconds(TimeSpan span) => (long)Math.Ceiling(span.TotalSeconds);
}
