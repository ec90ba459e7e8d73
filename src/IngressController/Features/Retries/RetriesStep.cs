using System.Globalization;
using IngressController.Pipeline;
using IngressController.Routing.Features.Retries;

namespace IngressController.Features.Retries;

/// <summary>proxy-next-upstream and others: sets the rules for further attempts, if they are not the defaults.</summary>
internal sealed class RetriesStep(RetryPolicy policy) : RequestStep
{
    private static readonly (RetryConditions Condition, int Status, string Word)[] Words =
    [
        (RetryConditions.Error, 0, "error"), (RetryConditions.Timeout, 0, "timeout"), (RetryConditions.InvalidHeader, 0, "invalid_header"),
        (RetryConditions.Http403, 403, "http_403"), (RetryConditions.Http404, 404, "http_404"), (RetryConditions.Http429, 429, "http_429"),
        (RetryConditions.Http500, 500, "http_500"), (RetryConditions.Http502, 502, "http_502"), (RetryConditions.Http503, 503, "http_503"),
        (RetryConditions.Http504, 504, "http_504"), (RetryConditions.NonIdempotent, 0, "non_idempotent"),
    ];

    private readonly RetryRules _rules = RulesOf(policy);

    public override string Name => "retries";

    public static RequestStep? Create(PlanContext context) => context.Policy<RetryPolicy>() is { } policy ? new RetriesStep(policy) : null;

    public override string Describe(Revision revision)
    {
        if (_rules.MaxTries == 1)
            return "no retries";
        string[] parts =
        [
            policy.MaxTries == 0 ? "no limit of attempts but the endpoints and the retry budget" : $"at most {policy.MaxTries} attempts",
            policy.Conditions is { } conditions
                ? $"after {string.Join(' ', Words.Where(word => conditions.HasFlag(word.Condition)).Select(word => word.Word))}"
                : "if endpoints do not process the request",
            .. policy.Timeout > TimeSpan.Zero ? [$"none begins after {policy.Timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s"] : Array.Empty<string>(),
            .. policy.BufferSize != RetryPolicy.DefaultBufferSize ? [$"bodies of at most {policy.BufferSize} bytes"] : Array.Empty<string>(),
            .. policy.RespectsRetryAfter ? ["after the time in Retry-After"] : Array.Empty<string>(),
        ];
        return string.Join(", ", parts);
    }

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        request.Retries = _rules;
        return ValueTask.FromResult(true);
    }

    private static RetryRules RulesOf(RetryPolicy policy)
    {
        var conditions = policy.Conditions ?? RetryConditions.Error | RetryConditions.Timeout;
        return new RetryRules(conditions == RetryConditions.None ? 1 : policy.MaxTries == 0 ? int.MaxValue : policy.MaxTries)
        {
            IsExplicit = policy.Conditions is not null,
            OnErrors = conditions.HasFlag(RetryConditions.Error),
            OnTimeouts = conditions.HasFlag(RetryConditions.Timeout),
            OnInvalidHeads = conditions.HasFlag(RetryConditions.InvalidHeader),
            Statuses = [.. Words.Where(word => word.Status > 0 && conditions.HasFlag(word.Condition)).Select(word => word.Status)],
            RepeatsAnyMethod = conditions.HasFlag(RetryConditions.NonIdempotent),
            Timeout = policy.Timeout,
            BufferSize = policy.BufferSize,
            RespectsRetryAfter = policy.RespectsRetryAfter,
        };
    }
}
