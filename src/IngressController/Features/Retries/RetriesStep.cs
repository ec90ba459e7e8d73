using IngressController.Pipeline;
using IngressController.Routing.Features.Retries;

namespace IngressController.Features.Retries;

/// <summary>proxy-next-upstream-tries: sets the maximum number of attempts, if it is not the default.</summary>
internal sealed class RetriesStep(int maxTries) : RequestStep
{
    public override string Name => "retries";

    public static RequestStep? Create(PlanContext context) => context.Policy<RetryPolicy>() is { } policy ? new RetriesStep(policy.MaxTries) : null;

    public override string Describe(Revision revision) => maxTries switch
    {
        0 => "no limit of attempts but the endpoints and the retry budget",
        1 => "no retries",
        _ => $"at most {maxTries} attempts if endpoints do not process the request",
    };

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        request.MaxTries = maxTries == 0 ? int.MaxValue : maxTries;
        return ValueTask.FromResult(true);
    }
}
