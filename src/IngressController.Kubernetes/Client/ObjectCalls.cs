using System.Text.Json;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>Helpers for the package's operations on one object.</summary>
public static class ObjectCalls
{
    /// <summary>
    /// Returns a name as one segment of a path. The package puts names into paths unchanged, so that <c>../secrets/x</c> is another object.
    /// </summary>
    /// <exception cref="ArgumentException">No object can have that name.</exception>
    public static string PathSegment(string name) => name is "" or "." or ".."
        ? throw new ArgumentException($"'{name}' is not a valid object name")
        : Uri.EscapeDataString(name);

    extension<T>(Task<T> read)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        /// <summary>Returns the object that was read by this name; null if there is none.</summary>
        /// <exception cref="JsonException">The response is another object, or none.</exception>
        public async Task<T?> IfFoundAsync(string name)
        {
            try
            {
                var item = await read.ConfigureAwait(false);
                return item?.Metadata?.Name == name ? item : throw new JsonException($"the response is not the {typeof(T).Name} {name}");
            }
            catch (ApiServerException error) when (error.IsNotFound)
            {
                return null;
            }
        }
    }
}
