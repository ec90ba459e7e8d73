using System.Collections.Immutable;
using k8s.Models;

namespace IngressController.Routing.Cluster;

/// <summary>
/// The objects of the cluster at one moment. Immutable: a change makes a new snapshot that shares the rest with the old one. Translation
/// reads the cluster from here only.
/// </summary>
public sealed record ClusterSnapshot
{
    public static ClusterSnapshot Empty { get; } = new();

    public ImmutableDictionary<ResourceName, V1Ingress> Ingresses { get; init; } = ImmutableDictionary<ResourceName, V1Ingress>.Empty;

    public ImmutableDictionary<string, V1IngressClass> IngressClasses { get; init; } = ImmutableDictionary<string, V1IngressClass>.Empty;

    public ImmutableDictionary<ResourceName, V1Service> Services { get; init; } = ImmutableDictionary<ResourceName, V1Service>.Empty;

    /// <summary>The certificates of all Secrets; those without one have the problem.</summary>
    public ImmutableDictionary<ResourceName, TlsSecret> TlsSecrets { get; init; } = ImmutableDictionary<ResourceName, TlsSecret>.Empty;

    /// <summary>Secrets of all types but kubernetes.io/tls.</summary>
    public ImmutableDictionary<ResourceName, V1Secret> Secrets { get; init; } = ImmutableDictionary<ResourceName, V1Secret>.Empty;

    public ImmutableDictionary<ResourceName, V1ConfigMap> ConfigMaps { get; init; } = ImmutableDictionary<ResourceName, V1ConfigMap>.Empty;

    /// <summary>EndpointSlices by Service.</summary>
    public EndpointIndex Endpoints { get; init; } = EndpointIndex.Empty;

    /// <summary>True if a Service needs EndpointSlices and has none.</summary>
    public bool LacksSlices(ResourceName name, V1Service service) => service.Spec?.Type != "ExternalName" && Endpoints.Of(name).IsEmpty;
}
