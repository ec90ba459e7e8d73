using System.Text.RegularExpressions;

namespace IngressController.Pipeline;

/// <summary>Matches the path once more for the groups that templates of the route use.</summary>
internal sealed class CapturesStep(PathPattern pattern, LocalReplies replies) : RequestStep
{
    public override string Name => "path groups";

    public static RequestStep? Create(PlanContext context) => context.Definition is { Pattern: { } pattern, Policies: var policies } && policies.UseGroups()
        ? new CapturesStep(pattern, context.Replies)
        : null;

    public override string Describe(Revision revision) => $"$1 to $9 are the groups of {pattern}";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        try
        {
            request.Captures = pattern.Match(request.Path.ToString());
            return ValueTask.FromResult(true);
        }
        catch (RegexMatchTimeoutException)
        {
            return RefuseAsync(request);
        }
    }

    private async ValueTask<bool> RefuseAsync(ProxyRequest request)
    {
        await replies.RefuseAsync(request, Refusal.CapturesTimedOut);
        return false;
    }
}
