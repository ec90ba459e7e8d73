using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Models;

namespace IngressController.Leadership;

/// <summary>
/// How the leader's works write to the API server: like <see cref="KubernetesClient"/>, but nothing is sent unless this replica leads at
/// the moment its bytes go out. Each call is given the token of the work's run.
/// </summary>
internal sealed class LeaderClient(KubernetesClient client, LeaderState leader)
{
    private readonly KubernetesClient _client = client.GuardedBy(leader.RequireLeader);

    /// <inheritdoc cref="KubernetesClient.CreateAsync"/>
    /// <exception cref="OperationCanceledException">This replica does not lead any more; also for the other writes.</exception>
    public Task<T> CreateAsync<T>(ResourceType<T> resource, T item, CancellationToken lost)
        where T : class, IKubernetesObject => _client.CreateAsync(resource, item, lost);

    /// <inheritdoc cref="KubernetesClient.ReplaceAsync"/>
    public Task<T> ReplaceAsync<T>(ResourceType<T> resource, T item, CancellationToken lost)
        where T : class, IKubernetesObject => _client.ReplaceAsync(resource, item, lost);

    /// <inheritdoc cref="KubernetesClient.PatchAsync"/>
    public Task<T> PatchAsync<T>(
        ResourceType<T> resource, string? @namespace, string name, string? subresource, byte[] mergePatch, CancellationToken lost,
        string? fieldManager = null)
        where T : class, IKubernetesObject => _client.PatchAsync(resource, @namespace, name, subresource, mergePatch, lost, fieldManager);
}
