using System.Text.Json;
using IngressController.Kubernetes.Models;

namespace IngressController.Kubernetes.Client;

/// <content>What changes objects.</content>
public sealed partial class KubernetesClient
{
    /// <summary>Creates an object and returns it as the server has it.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="item">The object, with its name, and its namespace where its kind has one.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <exception cref="KubernetesException">The server refused; <see cref="KubernetesException.IsAlreadyExists"/> when there is one of that name.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or its certificate is not trusted.</exception>
    /// <exception cref="TimeoutException">No answer within <see cref="ClientTimeouts.Unary"/>; the object may have been created.</exception>
    /// <exception cref="JsonException">The answer does not decode.</exception>
    public Task<T> CreateAsync<T>(ResourceType<T> resource, T item, CancellationToken cancellation)
        where T : class, IKubernetesObject =>
        CallAsync(Write(HttpMethod.Post, resource.CollectionPath(item.Metadata?.NamespaceProperty), resource, item), resource.TypeInfo, cancellation);

    /// <summary>Replaces an object as a whole; with <c>metadata.resourceVersion</c> only when nobody else changed it meanwhile.</summary>
    /// <param name="resource">Its kind. Fields that its type does not have are lost, unless the type keeps them.</param>
    /// <param name="item">The object.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <exception cref="KubernetesException">The server refused; <see cref="KubernetesException.IsConflict"/> when somebody else changed it.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or its certificate is not trusted.</exception>
    /// <exception cref="TimeoutException">No answer within <see cref="ClientTimeouts.Unary"/>; the object may have been replaced.</exception>
    /// <exception cref="JsonException">The answer does not decode.</exception>
    public Task<T> ReplaceAsync<T>(ResourceType<T> resource, T item, CancellationToken cancellation)
        where T : class, IKubernetesObject =>
        CallAsync(Write(HttpMethod.Put, resource.ObjectPath(item.Metadata!.NamespaceProperty, item.Metadata.Name!), resource, item), resource.TypeInfo, cancellation);

    /// <summary>Changes some fields of an object by a JSON merge patch (RFC 7396) and returns it as the server has it then.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="namespace">Its namespace; null for cluster-scoped objects.</param>
    /// <param name="name">Its name.</param>
    /// <param name="subresource">For example <c>status</c>; null for the object itself.</param>
    /// <param name="mergePatch">The patch. With <c>metadata.resourceVersion</c> it changes that version alone, else the server answers 409.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <param name="fieldManager">Whom <c>managedFields</c> names as the writer; null: the server takes the beginning of the user agent.</param>
    /// <exception cref="KubernetesException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or its certificate is not trusted.</exception>
    /// <exception cref="TimeoutException">No answer within <see cref="ClientTimeouts.Unary"/>; the object may have been changed.</exception>
    /// <exception cref="JsonException">The answer does not decode.</exception>
    public Task<T> PatchAsync<T>(
        ResourceType<T> resource, string? @namespace, string name, string? subresource, byte[] mergePatch, CancellationToken cancellation,
        string? fieldManager = null)
        where T : class, IKubernetesObject
    {
        var path = resource.ObjectPath(@namespace, name) + (subresource is null ? "" : $"/{subresource}")
            + (fieldManager is null ? "" : $"?fieldManager={Uri.EscapeDataString(fieldManager)}");
        var request = new ApiRequest(HttpMethod.Patch, path) { Body = mergePatch, BeforeBody = _beforeWrite, ContentType = "application/merge-patch+json" };
        return CallAsync(request, resource.TypeInfo, cancellation);
    }

    private ApiRequest Write<T>(HttpMethod method, string path, ResourceType<T> resource, T item)
        where T : class, IKubernetesObject =>
        new(method, path) { Body = JsonSerializer.SerializeToUtf8Bytes(item, resource.TypeInfo), BeforeBody = _beforeWrite };
}
