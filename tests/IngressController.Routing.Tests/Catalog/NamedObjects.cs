using System.Collections.Immutable;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Routing.Tests.Catalog;

/// <summary>The objects that the tests' annotation values name.</summary>
internal static class NamedObjects
{
    public static readonly ClusterSnapshot Cluster = ClusterSnapshot.Empty with
    {
        Secrets = ImmutableDictionary<ResourceName, V1Secret>.Empty.Add(new("default", "a"), new V1Secret
        {
            Metadata = new V1ObjectMeta { Name = "a", NamespaceProperty = "default" },
            Data = new Dictionary<string, byte[]> { ["auth"] = "a:{SHA}qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\n"u8.ToArray() },
        }),
        ConfigMaps = ImmutableDictionary<ResourceName, V1ConfigMap>.Empty.Add(new("default", "a"), new V1ConfigMap
        {
            Metadata = new V1ObjectMeta { Name = "a", NamespaceProperty = "default" },
            Data = new Dictionary<string, string> { ["X-A"] = "b" },
        }),
    };
}
