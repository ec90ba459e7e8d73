using IngressController.Routing.Table;

namespace IngressController.Routing.Features.IpAccess;

/// <summary>Access by address.</summary>
/// <param name="Allow">The only clients that are allowed; null allows everyone.</param>
/// <param name="Deny">The clients that are denied, regardless of the other list and <c>satisfy</c>; null denies no one.</param>
public sealed record IpAccessPolicy(IpNetworkSet? Allow, IpNetworkSet? Deny) : RoutePolicy;
