using IngressController.Routing.Features.SessionAffinity;
using IngressController.Upstream;

namespace IngressController.Features.SessionAffinity;

/// <summary>The tables of clusters for one mode.</summary>
internal sealed class SessionTables(SessionMode mode, SessionKey key)
{
    private readonly Func<UpstreamCluster, PersistentSessions> _newPersistent = cluster => new PersistentSessions(key, cluster.Id.Service);
    private readonly Func<UpstreamCluster, BalancedSessions> _newBalanced = cluster => new BalancedSessions(key, cluster.Id.Service);

    public SessionTable Of(UpstreamCluster cluster) => mode == SessionMode.Persistent ? cluster.View(_newPersistent) : cluster.View(_newBalanced);
}
