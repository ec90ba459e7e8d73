using IngressController.Kubernetes.Client;
using k8s;

namespace IngressController.Leadership;

/// <summary>
/// The API client of the leader tasks. A request is sent only if this replica leads at the moment when its bytes are written; otherwise the
/// call throws an OperationCanceledException. Each call gets the cancellation token of the task's run.
/// </summary>
internal sealed class LeaderClient(ApiServerConnection connection, LeaderState leader)
{
    public IKubernetes Kubernetes { get; } = connection.GuardedBy(leader.RequireLeader);
}
