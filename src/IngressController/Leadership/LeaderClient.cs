using IngressController.Kubernetes.Client;
using k8s;

namespace IngressController.Leadership;

/// <summary>
/// How the leader's works write to the API server: the operations of the package, of which none is sent unless this replica leads at the
/// moment its bytes go out; else it throws an OperationCanceledException. Each call is given the token of the work's run.
/// </summary>
internal sealed class LeaderClient(ApiServerConnection connection, LeaderState leader)
{
    public IKubernetes Kubernetes { get; } = connection.GuardedBy(leader.RequireLeader);
}
