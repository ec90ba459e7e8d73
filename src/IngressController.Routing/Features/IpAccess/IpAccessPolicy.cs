using IngressController.Routing.Table;

namespace IngressController.Routing.Features.IpAccess;

/// <summary>Who gets in by address.</summary>
/// <param name="Allow">Who alone is let in; null lets in everybody.</param>
/// <param name="Deny">Who is kept out, whatever the other list and <c>satisfy</c> say; null keeps out nobody.</param>
public sealed record IpAccessPolicy(IpNetworkSet? Allow, IpNetworkSet? Deny) : RoutePolicy;
