using IngressController.Pipeline;
using IngressController.Routing.Features.SessionAffinity;
using IngressController.Upstream;
using Yarp.ReverseProxy.Model;

namespace IngressController.Features.SessionAffinity;

/// <summary>affinity: requests with a valid cookie go to its endpoint. Others are balanced.</summary>
internal sealed class SessionChoice(SessionAffinityPolicy policy, SessionTables tables, EndpointChoice? others) : EndpointChoice
{
    public override string Description
    {
        get
        {
            var moves = policy.ChangesOnFailure ? "another endpoint after a failure" : "the same endpoint after a failure";
            return $"cookie {policy.Cookie.Name}, {(policy.Mode == SessionMode.Persistent ? "persistent" : "balanced")}, {moves}; "
                + $"without a valid cookie {others?.Description ?? "round_robin"}";
        }
    }

    public static EndpointChoice? Create(PlanContext context, EndpointChoice? others) =>
        context.Policy<SessionAffinityPolicy>() is { } policy ? new SessionChoice(policy, new SessionTables(policy.Mode, context.Service<SessionKey>()), others) : null;

    public override DestinationState? First(ProxyRequest request, UpstreamCluster cluster, UpstreamModel model)
    {
        if (EndpointOf(request, cluster) is not { } own || (policy.ChangesOnFailure && cluster.IsUnreachable(own)))
            return others is null ? cluster.Next(model) : others.First(request, cluster, model);
        cluster.CountBound();
        return own;
    }

    public override bool Keeps(ProxyRequest request, UpstreamCluster cluster, DestinationState failed) =>
        !policy.ChangesOnFailure && EndpointOf(request, cluster) == failed;

    private DestinationState? EndpointOf(ProxyRequest request, UpstreamCluster cluster) =>
        SessionCookie.AppliesTo(request, cluster) ? tables.Of(cluster).Find(request.Context.Request.Headers.Cookie, policy.Cookie.Name) : null;
}
