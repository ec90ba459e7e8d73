namespace IngressController.Routing.Cluster;

/// <summary>The names whose objects differ between two snapshots. It may name unchanged objects, but must name all changed ones.</summary>
public sealed class ClusterChanges
{
    public HashSet<ResourceName> Ingresses { get; } = [];

    /// <summary>Services that changed or whose EndpointSlices changed.</summary>
    public HashSet<ResourceName> Services { get; } = [];

    /// <summary>Secrets of any type.</summary>
    public HashSet<ResourceName> Secrets { get; } = [];

    public HashSet<ResourceName> ConfigMaps { get; } = [];

    /// <summary>True if any IngressClass changed: there are few, and each can change the claimed Ingresses.</summary>
    public bool IngressClasses { get; set; }

    public bool IsEmpty =>
        Ingresses.Count == 0 && Services.Count == 0 && Secrets.Count == 0 && ConfigMaps.Count == 0 && !IngressClasses;

    /// <summary>Everything that a snapshot holds.</summary>
    public static ClusterChanges Everything(ClusterSnapshot snapshot)
    {
        var changes = new ClusterChanges { IngressClasses = true };
        changes.Ingresses.UnionWith(snapshot.Ingresses.Keys);
        changes.Services.UnionWith(snapshot.Services.Keys);
        changes.Services.UnionWith(snapshot.Endpoints.ServiceNames);
        changes.Secrets.UnionWith(snapshot.TlsSecrets.Keys);
        changes.Secrets.UnionWith(snapshot.Secrets.Keys);
        changes.ConfigMaps.UnionWith(snapshot.ConfigMaps.Keys);
        return changes;
    }

    public void UnionWith(ClusterChanges other)
    {
        Ingresses.UnionWith(other.Ingresses);
        Services.UnionWith(other.Services);
        Secrets.UnionWith(other.Secrets);
        ConfigMaps.UnionWith(other.ConfigMaps);
        IngressClasses |= other.IngressClasses;
    }
}
