using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Features;

/// <summary>The input of a feature that reads one Ingress. It records the Secrets and ConfigMaps that were looked up.</summary>
public sealed class PolicyContext
{
    private readonly ClusterSnapshot _snapshot;
    private readonly List<Diagnostic> _diagnostics;
    private readonly PolicyOptions _options;
    private readonly HashSet<ResourceName> _secrets = [];
    private readonly HashSet<ResourceName> _configMaps = [];
    private string? _closedReason;

    public PolicyContext(V1Ingress ingress, ClusterSnapshot snapshot, PolicyOptions options, GlobalSettings settings, List<Diagnostic> diagnostics)
    {
        Ingress = ingress.ResourceName;
        ServesEveryHost = ingress.Spec is not { Rules: { Count: > 0 } rules } || rules.Any(rule => string.IsNullOrEmpty(rule?.Host));
        HasDefaultBackend = ingress.Spec?.DefaultBackend is not null;
        HasTls = ingress.Spec?.Tls is { Count: > 0 };
        Settings = settings;
        Annotations = AnnotationReader.Of(ingress, options.Catalog.Annotations, options.AnnotationPrefixes, settings.TextOf, diagnostics);
        _snapshot = snapshot;
        _diagnostics = diagnostics;
        _options = options;
        if (settings.ClosedBy is { } setting)
            Close($"setting {setting} cannot be used");
    }

    public ResourceName Ingress { get; }

    /// <summary>True if the Ingress has <c>spec.tls</c>, valid or not.</summary>
    public bool HasTls { get; }

    /// <summary>True if the Ingress has <c>spec.defaultBackend</c>.</summary>
    public bool HasDefaultBackend { get; }

    /// <summary>True if a rule has no host, so that it serves requests for any host.</summary>
    public bool ServesEveryHost { get; }

    /// <summary>True if an annotation or a setting adds an access check.</summary>
    public bool HasAccessCheck =>
        _options.Catalog.Features.Any(feature => feature.Keys.Any(key => key.IsAccessCheck && Annotations.IsSet(key)))
        || Settings.Features.Any(settings => settings.HasAccessCheck);

    /// <summary>True if names in Ingresses and Services can lead to this machine and its link.</summary>
    public bool AllowsLocalAddresses => _options.AllowsLocalAddresses;

    /// <summary>The operator's backend for requests that match nothing; null if there is none.</summary>
    public BackendId? DefaultBackend => _options.DefaultBackend;

    public AnnotationReader Annotations { get; }

    /// <summary>The settings of all Ingresses.</summary>
    public GlobalSettings Settings { get; }

    /// <summary>The Secrets that were looked up, found or not, in order of names.</summary>
    public EquatableArray<ResourceName> Secrets => [.. _secrets.Order()];

    /// <summary>The ConfigMaps that were looked up, found or not, in order of names.</summary>
    public EquatableArray<ResourceName> ConfigMaps => [.. _configMaps.Order()];

    /// <summary>The reason why the paths of the Ingress answer 503; null when they do not.</summary>
    public string? ClosedReason => _closedReason ?? Annotations.ClosedReason;

    /// <summary>The full name of an object of the Ingress's namespace. Refuses the annotation that names one of another namespace.</summary>
    /// <param name="key">The annotation.</param>
    /// <param name="kind">The kind of the object.</param>
    /// <param name="named">The object as the annotation names it; without a namespace it is in that of the Ingress.</param>
    /// <param name="name">The full name.</param>
    public bool TryOwn(AnnotationKey key, string kind, ResourceName named, out ResourceName name)
    {
        name = named with { Namespace = Ingress.Namespace };
        if (named.Namespace.Length == 0 || named == name)
            return true;
        Annotations.Refuse(key, $"is in another namespace; use a {kind} in namespace {Ingress.Namespace}");
        return false;
    }

    /// <summary>Finds a Secret of any type but kubernetes.io/tls; null when none exists. Only for the Ingress's own namespace.</summary>
    public V1Secret? FindSecret(ResourceName name)
    {
        _secrets.Add(name);
        return _snapshot.Secrets.GetValueOrDefault(name);
    }

    /// <summary>Finds the certificates of a Secret of any type; null when none exists. Only for the Ingress's own namespace.</summary>
    public TlsSecret? FindTlsSecret(ResourceName name)
    {
        _secrets.Add(name);
        return _snapshot.TlsSecrets.GetValueOrDefault(name);
    }

    public V1ConfigMap? FindConfigMap(ResourceName name)
    {
        _configMaps.Add(name);
        return _snapshot.ConfigMaps.GetValueOrDefault(name);
    }

    /// <summary>Reports a problem of the Ingress.</summary>
    public void Report(Diagnostic diagnostic) => _diagnostics.Add(diagnostic);

    /// <summary>Makes the paths of the Ingress answer 503. The cause must be reported as well.</summary>
    public void Close(string reason) => _closedReason ??= reason;

    /// <summary>Reads all policies of the Ingress.</summary>
    internal RoutePolicies ReadPolicies()
    {
        var policies = new List<RoutePolicy>();
        foreach (var feature in _options.Catalog.Features)
        {
            if (!Annotations.IsCanary || feature.AppliesToCanaries)
                ReadPolicies(feature, policies);
        }

        // The requests of a canary are those of its main Ingress, which closes by itself.
        if (!Annotations.IsCanary && ClosedReason is { } reason)
            policies.Add(new ClosedPolicy(reason));
        return policies.Count == 0 && Annotations.Sources.Count == 0 ? RoutePolicies.None : new RoutePolicies([.. policies], [.. Annotations.Sources]);
    }

    /// <summary>
    /// A defect in a feature closes the one Ingress that meets it: thrown further, it would stop all other changes of the cluster.
    /// </summary>
    private void ReadPolicies(RouteFeature feature, List<RoutePolicy> policies)
    {
        try
        {
            policies.AddRange(feature.Read(this));
        }
        catch (Exception error)
        {
            // The exception's message may quote a Secret.
            Report(DiagnosticCatalog.TranslationFailed(Ingress, $"the annotations of \"{feature.Name}\"", error.GetType().Name, isLeftOut: false));
            Close($"the annotations of \"{feature.Name}\" cannot be read");
        }
    }
}
