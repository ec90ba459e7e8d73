using IngressController.Pipeline;
using IngressController.Routing.Features.Redirects;
using IngressController.Routing.Table;

namespace IngressController.Features.Redirects;

/// <summary>app-root: redirects the root of a host to its application.</summary>
internal sealed class AppRootStep(AppRootPolicy policy, LocalReplies replies) : RequestStep
{
    public override string Name => "app root";

    public override bool IsFinal => true;

    public static RequestStep? Create(PlanContext context) =>
        context.Definition.Action is RouteAction.Redirect && context.Policy<AppRootPolicy>() is { } policy ? new AppRootStep(policy, context.Replies) : null;

    public override string Describe(Revision revision) => $"302 to {policy.Path}";

    public override async ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        var received = request.Context.Request;
        var origin = policy.IsRelative || received.Headers.Host.Count == 0 ? "" : $"{received.Scheme}://{received.Headers.Host}";
        await replies.RedirectAsync(request, StatusCodes.Status302Found, $"{origin}{policy.Path}");
        return false;
    }
}
