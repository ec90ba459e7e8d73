namespace IngressController.Routing.Cluster;

/// <summary>The names whose objects differ between two snapshots. Naming one that did not change is allowed, leaving one out is not.</summary>
public sealed class ClusterChanges
{
    public HashSet<ResourceName> Ingresses { get; } = [];

    /// <summary>Services whose own object or whose EndpointSlices changed.</summary>
    public HashSet<ResourceName> Services { get; } = [];

    public HashSet<ResourceName> TlsSecrets { get; } = [];

    /// <summary>Whether any IngressClass changed: they are few, and each can change what is claimed.</summary>
    public bool IngressClasses { get; set; }

    public bool IsEmpty => Ingresses.Count == 0 && Services.Count == 0 && TlsSecrets.Count == 0 && !IngressClasses;

    /// <summary>Everything a snapshot holds.</summary>
    public static ClusterChanges Everything(ClusterSnapshot snapshot)
    {
        var changes = new ClusterChanges { IngressClasses = true };
        changes.Ingresses.UnionWith(snapshot.Ingresses.Keys);
        changes.Services.UnionWith(snapshot.Services.Keys);
        changes.Services.UnionWith(snapshot.Endpoints.ServiceNames);
        changes.TlsSecrets.UnionWith(snapshot.TlsSecrets.Keys);
        return changes;
    }

    public void UnionWith(ClusterChanges other)
    {
        Ingresses.UnionWith(other.Ingresses);
        Services.UnionWith(other.Services);
        TlsSecrets.UnionWith(other.TlsSecrets);
        IngressClasses |= other.IngressClasses;
    }
}
