using IngressController.Pipeline;
using IngressController.Routing.Features.Redirects;

namespace IngressController.Features.Redirects;

/// <summary>temporal-redirect and permanent-redirect: redirects all requests to a URL.</summary>
internal sealed class RedirectStep(RedirectPolicy policy, LocalReplies replies) : RequestStep
{
    public override string Name => "redirect";

    public static RequestStep? Create(PlanContext context) =>
        context.Policy<RedirectPolicy>() is { } policy ? new RedirectStep(policy, context.Replies) : null;

    public override string Describe(Revision revision) => $"{policy.Status} to {policy.Location}";

    public override async ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        await replies.RedirectAsync(request, policy.Status, RedirectLocation.Expand(policy.Location, request));
        return false;
    }
}
