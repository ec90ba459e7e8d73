using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Watching;

/// <summary>The complete state at one version.</summary>
internal sealed record ListedState<T>(List<T> Items, List<UndecodableObject> Undecodable, string ResourceVersion);

/// <summary>Lists everything, page by page, and restarts if the server rejects a page as requested too late.</summary>
internal sealed class Lister<T>(ApiServerConnection client, ResourceType<T> resource, ReflectorOptions options)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <param name="version">The version, as in <see cref="ListRequest.ResourceVersion"/>.</param>
    public async Task<ListedState<T>> ListAsync(string version, CancellationToken cancellation)
    {
        // Together with a limit, a version other than "" and "0" would mean exactly that version to older servers.
        int? limit = version is "" or "0" ? options.PageSize : null;
        var pages = 0;
        try
        {
            return await ListAsync(version, limit, () => pages++, cancellation).ConfigureAwait(false);
        }
        catch (ApiServerException error) when (error.IsExpired && pages > 0)
        {
            // The error may contain a token to continue at a newer version. It is not used: changes to the objects already listed would
            // be lost, because the watch starts at the newer version.
            return await ListAsync(version, limit: null, () => pages++, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<ListedState<T>> ListAsync(string version, int? limit, Action onPage, CancellationToken cancellation)
    {
        var request = new ListRequest
        {
            Namespace = options.Namespace,
            FieldSelector = options.FieldSelector,
            LabelSelector = options.LabelSelector,
            ResourceVersion = version,
            Limit = limit,
        };
        var items = new List<T>();
        var undecodable = new List<UndecodableObject>();
        string? listed = null;
        await foreach (var page in client.ListAsync(resource, request, cancellation).ConfigureAwait(false))
        {
            onPage();
            items.AddRange(page.Items);
            undecodable.AddRange(page.Undecodable);
            listed = page.ResourceVersion;
        }

        return string.IsNullOrEmpty(listed)
            ? throw new InvalidDataException($"the list of {resource} has no resourceVersion to watch from")
            : new ListedState<T>(items, undecodable, listed);
    }
}
