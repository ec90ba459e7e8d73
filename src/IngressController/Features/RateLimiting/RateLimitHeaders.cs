using System.Globalization;
using IngressController.Routing.Features.RateLimiting;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.RateLimiting;

/// <summary>Writes the rate limit headers: <c>Retry-After</c> (RFC 9110, 10.2.3) and draft-ietf-httpapi-ratelimit-headers-10.</summary>
internal static class RateLimitHeaders
{
    private const string Policy = "RateLimit-Policy";
    private const string Limit = "RateLimit";

    /// <summary>Appends the item of a rule to both fields, which are lists. Called once per rule, in order.</summary>
    public static void Append(HttpResponse response, RateLimitRule rule, in RateLimitDecision decision)
    {
        Append(response, Policy, PolicyItem(rule));
        Append(response, Limit, LimitItem(rule, decision));
    }

    /// <summary>
    /// Writes Retry-After in whole seconds, rounded up so that a client that waits is not refused again. At least 1, also if unknown.
    /// </summary>
    public static void WriteRetryAfter(HttpResponse response, in RateLimitDecision decision) =>
        response.Headers.RetryAfter = Math.Max(1, Seconds(decision.RetryAfter)).ToString(CultureInfo.InvariantCulture);

    /// <summary>The declared limit, even if each replica grants a part of it: clients see the limit of all replicas.</summary>
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
