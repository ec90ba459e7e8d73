using System.Text.Json;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>What the package's operations on one object leave to their callers.</summary>
public static class ObjectCalls
{
    /// <summary>
    /// A name as one segment of a path. The package puts names into paths as they are, so that <c>../secrets/x</c> would name another object.
    /// </summary>
    /// <exception cref="ArgumentException">No object can have that name.</exception>
    public static string PathSegment(string name) => name is "" or "." or ".."
        ? throw new ArgumentException($"'{name}' is no name of an object")
        : Uri.EscapeDataString(name);

    extension<T>(Task<T> read)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        /// <summary>The object that was read by this name; null when there is none.</summary>
        /// <exception cref="JsonException">The answer is another object, or none.</exception>
        public async Task<T?> IfFoundAsync(string name)
        {
            try
            {
                var item = await read.ConfigureAwait(false);
                return item?.Metadata?.Name == name ? item : throw new JsonException($"the answer is not the {typeof(T).Name} {name}");
            }
            catch (ApiServerException error) when (error.IsNotFound)
            {
                return null;
            }
        }
    }
}
