using IngressController.Pipeline;
using IngressController.Routing.Features.IpAccess;

namespace IngressController.Features.IpAccess;

/// <summary>allowlist-source-range: grants access to the addresses of a list.</summary>
internal sealed class AllowListCheck(IpNetworkSet allowed) : AccessCheck
{
    private static readonly ValueTask<AccessRefusal?> Forbidden = new(new AccessRefusal(StatusCodes.Status403Forbidden, "Forbidden", "this address is not allowed"));

    public override string Name => "allow list";

    public static AccessCheck? Create(PlanContext context) => context.Policy<IpAccessPolicy>()?.Allow is { } allowed ? new AllowListCheck(allowed) : null;

    public override string Describe() => $"403 unless the client is in {allowed}";

    public override ValueTask<AccessRefusal?> CheckAsync(ProxyRequest request) =>
        request.Context.Connection.RemoteIpAddress is { } address && allowed.Contains(address) ? Granted : Forbidden;
}
