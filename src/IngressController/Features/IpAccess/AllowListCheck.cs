using IngressController.Features.Authentication;
using IngressController.Proxy;
using IngressController.Routing.Features.IpAccess;

namespace IngressController.Features.IpAccess;

/// <summary>Lets in the addresses of the allow list.</summary>
internal sealed class AllowListCheck(IpNetworkSet allowed) : AccessCheck
{
    private static readonly ValueTask<AccessRefusal?> Forbidden = new(new AccessRefusal(StatusCodes.Status403Forbidden, "Forbidden", "this address has no access"));

    public override string Name => "allow list";

    public static AccessCheck? Create(StepContext context) => context.Policy<IpAccessPolicy>()?.Allow is { } allowed ? new AllowListCheck(allowed) : null;

    public override string Describe() => $"403 unless the client is in {allowed}";

    public override ValueTask<AccessRefusal?> CheckAsync(HttpContext context, ProxyRoute route) =>
        context.Connection.RemoteIpAddress is { } address && allowed.Contains(address) ? Granted : Forbidden;
}
