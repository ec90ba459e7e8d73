using IngressController.Pipeline;
using IngressController.Routing.Features.IpAccess;

namespace IngressController.Features.IpAccess;

/// <summary>denylist-source-range: denies the addresses of a list.</summary>
internal sealed class DenyListStep(IpNetworkSet denied, LocalReplies replies) : RequestStep
{
    public override string Name => "deny list";

    public static RequestStep? Create(PlanContext context) =>
        context.Policy<IpAccessPolicy>()?.Deny is { } denied ? new DenyListStep(denied, context.Replies) : null;

    public override string Describe(Revision revision) => $"403 for {denied}";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request) =>
        // An unknown address is denied.
        request.Context.Connection.RemoteIpAddress is { } address && !denied.Contains(address) ? ValueTask.FromResult(true) : RefuseAsync(request);

    private async ValueTask<bool> RefuseAsync(ProxyRequest request)
    {
        await replies.WriteAsync(request, StatusCodes.Status403Forbidden, "Forbidden", "this address is denied");
        return false;
    }
}
