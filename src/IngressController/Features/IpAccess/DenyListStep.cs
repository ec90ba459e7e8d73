using IngressController.Proxy;
using IngressController.Routing.Features.IpAccess;

namespace IngressController.Features.IpAccess;

/// <summary>Keeps out the addresses of the deny list.</summary>
internal sealed class DenyListStep(IpNetworkSet denied, OwnAnswers answers) : RequestStep
{
    public override string Name => "deny list";

    public static RequestStep? Create(StepContext context) =>
        context.Policy<IpAccessPolicy>()?.Deny is { } denied ? new DenyListStep(denied, context.Services.Answers) : null;

    public override string Describe() => $"403 for {denied}";

    public override ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route) =>
        // An address that is not known may be one of them.
        context.Connection.RemoteIpAddress is { } address && !denied.Contains(address) ? ValueTask.FromResult(true) : RefuseAsync(context);

    private async ValueTask<bool> RefuseAsync(HttpContext context)
    {
        await answers.WriteAsync(context, StatusCodes.Status403Forbidden, "Forbidden", "this address has no access");
        return false;
    }
}
