using IngressController.Pipeline;
using IngressController.Routing.Features.Redirects;
using IngressController.Routing.Table;

namespace IngressController.Features.Redirects;

/// <summary>app-root: redirects the root of a host to its application.</summary>
internal sealed class AppRootStep(int status, AppRootPolicy policy, LocalReplies replies) : RequestStep
{
    public override string Name => "app root";

    public override bool IsFinal => true;

    public static RequestStep? Create(PlanContext context) =>
        context.Definition.Action is RouteAction.Redirect { Path: not null } redirect && context.Policy<AppRootPolicy>() is { } policy
            ? new AppRootStep(redirect.Status, policy, context.Replies)
            : null;

    public override string Describe(Revision revision) => $"{status} to {policy.Path}";

    public override async ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        var origin = policy.IsRelative || request.PublicHost.Length == 0 ? "" : $"{request.Context.Request.Scheme}://{request.PublicHost}";
        await replies.RedirectAsync(request, status, $"{origin}{RedirectLocation.Expand(policy.Path, request)}");
        return false;
    }
}
