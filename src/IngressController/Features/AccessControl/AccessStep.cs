using IngressController.Pipeline;

namespace IngressController.Features.AccessControl;

/// <summary>A check that every request must pass.</summary>
internal sealed class AccessStep(AccessCheck check, AccessReplies replies) : RequestStep
{
    public override string Name => check.Name;

    public override string Describe(Revision revision) => check.Describe();

    public override ValueTask<bool> InvokeAsync(ProxyRequest request) =>
        check.AppliesTo(request.Route) ? ReplyAsync(request, check.CheckAsync(request)) : ValueTask.FromResult(true);

    public override ValueTask<bool> DryRunAsync(ProxyRequest request) =>
        check.AppliesTo(request.Route) ? ReplyAsync(request, check.DryRunAsync(request)) : ValueTask.FromResult(true);

    private ValueTask<bool> ReplyAsync(ProxyRequest request, ValueTask<AccessRefusal?> verdict) =>
        verdict.IsCompletedSuccessfully && verdict.Result is null ? ValueTask.FromResult(true) : WaitAsync(request, verdict);

    private async ValueTask<bool> WaitAsync(ProxyRequest request, ValueTask<AccessRefusal?> verdict)
    {
        if (await verdict is not { } refusal)
            return true;
        await replies.WriteAsync(request, refusal);
        return false;
    }
}
