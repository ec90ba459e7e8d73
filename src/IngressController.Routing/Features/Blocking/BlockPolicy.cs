using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Blocking;

/// <summary>Whom no route lets in: 403.</summary>
/// <param name="Cidrs">Clients' addresses.</param>
/// <param name="UserAgents">Values of User-Agent.</param>
/// <param name="Referers">Values of Referer.</param>
public sealed record BlockPolicy(IpNetworkSet Cidrs, EquatableArray<TextPattern> UserAgents, EquatableArray<TextPattern> Referers) : RoutePolicy
{
    public static BlockPolicy None { get; } = new(IpNetworkSet.Empty, [], []);
}
