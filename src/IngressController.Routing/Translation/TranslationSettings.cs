using IngressController.Routing.Catalog;
using IngressController.Routing.Features;
using IngressController.Routing.Settings;

namespace IngressController.Routing.Translation;

/// <summary>What the operator chose, as far as translation depends on it. Fixed at start.</summary>
public sealed record TranslationSettings
{
    /// <summary>The value of <c>spec.controller</c> of our IngressClasses.</summary>
    public string ControllerClass { get; init; } = "yarp.ingress.kubernetes.io/controller";

    /// <summary>The value of the legacy annotation <c>kubernetes.io/ingress.class</c> that means us.</summary>
    public string IngressClass { get; init; } = "yarp";

    /// <summary>Whether Ingresses that name no class are ours.</summary>
    public bool WatchIngressWithoutClass { get; init; }

    /// <summary>The Secret whose certificate hosts without their own get.</summary>
    public ResourceName? DefaultSslCertificate { get; init; }

    /// <summary>The prefixes of annotations that are read, without slash; where one is set under several, the first counts.</summary>
    public EquatableArray<string> AnnotationPrefixes { get; init; } = ["yarp.ingress.kubernetes.io", "nginx.ingress.kubernetes.io"];

    /// <summary>The features that read the annotations and settings.</summary>
    public FeatureCatalog Catalog { get; init; } = RouteFeatures.Catalog;

    /// <summary>What the options say about all Ingresses; the ConfigMap goes over it.</summary>
    public GlobalSettings Global { get; init; } = GlobalSettings.Default;

    /// <summary>The ConfigMap with the settings of all Ingresses.</summary>
    public ResourceName? ConfigMap { get; init; }

    /// <summary>The Service whose ready endpoints are the replicas of this controller, among which cluster-wide limits are divided.</summary>
    public ResourceName? ReplicasService { get; init; }

    /// <summary>The Service (its first port) that gets what matches nothing.</summary>
    public ResourceName? DefaultBackendService { get; init; }

    /// <summary>Whether ExternalName Services may lead to this machine or its link (loopback, link-local).</summary>
    public bool AllowExternalNameLoopback { get; init; }

    /// <summary>The part of the settings that features read by.</summary>
    internal PolicyOptions PolicyOptions => new(Catalog, AnnotationPrefixes, AllowExternalNameLoopback);
}
