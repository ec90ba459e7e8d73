using IngressController.Routing.Table;

namespace IngressController.Pipeline;

/// <summary>Replies 503 for an Ingress with an invalid policy that fails closed. The reason is in the diagnostics.</summary>
internal sealed class ClosedStep(ClosedPolicy policy, LocalReplies replies) : RequestStep
{
    public override string Name => "closed";

    public static RequestStep? Create(PlanContext context) =>
        context.Policy<ClosedPolicy>() is { } policy ? new ClosedStep(policy, context.Replies) : null;

    public override string Describe(Revision revision) => $"503: {policy.Reason}";

    public override async ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        await replies.RefuseAsync(request, Refusal.Closed);
        return false;
    }
}
