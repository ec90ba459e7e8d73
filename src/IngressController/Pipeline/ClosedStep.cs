using IngressController.Routing.Table;

namespace IngressController.Pipeline;

/// <summary>Replies 503 for an Ingress whose protection is invalid. The diagnostics tell its owner why.</summary>
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
