using IngressController.Pipeline;
using IngressController.Routing.Table;

namespace IngressController.Features.Redirects;

/// <summary>from-to-www-redirect: redirects a name to its counterpart with or without www.</summary>
internal sealed class WwwRedirectStep(RouteAction.Redirect redirect, LocalReplies replies) : RequestStep
{
    public override string Name => "www redirect";

    public override bool IsFinal => true;

    public static RequestStep? Create(PlanContext context) => context.Definition.Action is RouteAction.Redirect { Host: not null } redirect
        ? new WwwRedirectStep(redirect, context.Replies)
        : null;

    public override string Describe(Revision revision) => $"{redirect.Status} to {redirect.Host}";

    public override async ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        var uri = request.Target.PathAndQuery;
        // As in ingress-nginx, the port is always written and a trailing slash removed.
        await replies.RedirectAsync(request, redirect.Status, $"{request.Context.Request.Scheme}://{redirect.Host}:{request.PublicPort}{(uri.EndsWith('/') ? uri[..^1] : uri)}");
        return false;
    }
}
