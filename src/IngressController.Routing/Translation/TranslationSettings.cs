using IngressController.Routing.Catalog;
using IngressController.Routing.Features;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Translation;

/// <summary>The operator's choices that translation depends on. Fixed at start.</summary>
public sealed record TranslationSettings
{
    /// <summary>The <c>spec.controller</c> of the claimed IngressClasses.</summary>
    public string ControllerClass { get; init; } = "yarp.ingress.kubernetes.io/controller";

    /// <summary>The value of the legacy annotation <c>kubernetes.io/ingress.class</c> that is claimed.</summary>
    public string IngressClass { get; init; } = "yarp";

    /// <summary>True if Ingresses without a class are claimed.</summary>
    public bool WatchIngressWithoutClass { get; init; }

    /// <summary>True if every Ingress is claimed, whatever its class. For manifests only.</summary>
    public bool ClaimsEveryClass { get; init; }

    /// <summary>The Secret with the certificate of hosts without their own.</summary>
    public ResourceName? DefaultSslCertificate { get; init; }

    /// <summary>The prefixes of annotations that are read, without slash; an earlier one takes precedence over later ones.</summary>
    public EquatableArray<string> AnnotationPrefixes { get; init; } = ["yarp.ingress.kubernetes.io", "nginx.ingress.kubernetes.io"];

    /// <summary>The features that read annotations and settings.</summary>
    public FeatureCatalog Catalog { get; init; } = RouteFeatures.Catalog;

    /// <summary>The settings of the options; the ConfigMap takes precedence over them.</summary>
    public GlobalSettings Global { get; init; } = GlobalSettings.Default;

    /// <summary>The ConfigMap with the settings of all Ingresses.</summary>
    public ResourceName? ConfigMap { get; init; }

    /// <summary>
    /// The Service whose ready endpoints are the replicas of this controller, among which cluster-wide limits are divided.
    /// </summary>
    public ResourceName? ReplicasService { get; init; }

    /// <summary>The Service (its first port) that gets requests matching nothing.</summary>
    public ResourceName? DefaultBackendService { get; init; }

    /// <summary>True if ExternalName Services can lead to this machine or its link (loopback, link-local).</summary>
    public bool AllowExternalNameLoopback { get; init; }

    /// <summary>The settings that features read by.</summary>
    internal PolicyOptions PolicyOptions => new(Catalog, AnnotationPrefixes, AllowExternalNameLoopback)
    {
        DefaultBackend = DefaultBackendService is { } service ? DefaultBackend.Id(service) : null,
    };
}
