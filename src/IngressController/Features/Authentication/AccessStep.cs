using IngressController.Proxy;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.Authentication;

/// <summary>One check that every request has to pass.</summary>
internal sealed class AccessStep(AccessCheck check, AccessAnswers answers) : RequestStep
{
    public override string Name => check.Name;

    public static RequestStep? Create(StepContext context, Func<StepContext, AccessCheck?> make) =>
        context.Policy<SatisfyAnyPolicy>() is null && make(context) is { } check ? new AccessStep(check, AccessAnswers.Create(context)) : null;

    public override string Describe() => check.Describe();

    public override ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route) =>
        check.AppliesTo(route) ? AnswerAsync(context, route, check.CheckAsync(context, route)) : ValueTask.FromResult(true);

    public override ValueTask<bool> RehearseAsync(HttpContext context, ProxyRoute route) =>
        check.AppliesTo(route) ? AnswerAsync(context, route, check.RehearseAsync(context, route)) : ValueTask.FromResult(true);

    private ValueTask<bool> AnswerAsync(HttpContext context, ProxyRoute route, ValueTask<AccessRefusal?> verdict) =>
        verdict.IsCompletedSuccessfully && verdict.Result is null ? ValueTask.FromResult(true) : WaitAsync(context, route, verdict);

    private async ValueTask<bool> WaitAsync(HttpContext context, ProxyRoute route, ValueTask<AccessRefusal?> verdict)
    {
        if (await verdict is not { } refusal)
            return true;
        await answers.WriteAsync(context, route, refusal);
        return false;
    }
}
