using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Blocking;

/// <summary>Requests that every route answers with 403.</summary>
/// <param name="Cidrs">Addresses of clients.</param>
/// <param name="UserAgents">Values of User-Agent.</param>
/// <param name="Referers">Values of Referer.</param>
public sealed record BlockPolicy(IpNetworkSet Cidrs, EquatableArray<TextPattern> UserAgents, EquatableArray<TextPattern> Referers) : RoutePolicy
{
    public static BlockPolicy None { get; } = new(IpNetworkSet.Empty, [], []);
}
