using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Features;

/// <summary>What a feature may look at while it reads one Ingress. Which Secrets and ConfigMaps it looked for is remembered.</summary>
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
        Annotations = AnnotationReader.Of(ingress, options.Catalog.Annotations, options.AnnotationPrefixes, diagnostics);
        _snapshot = snapshot;
        _diagnostics = diagnostics;
        _options = options;
        if (settings.ClosedBy is { } setting)
            Close($"setting {setting} cannot be used");
    }

    public ResourceName Ingress { get; }

    /// <summary>Whether the Ingress has <c>spec.tls</c>, whatever stands in it.</summary>
    public bool HasTls { get; }

    /// <summary>True if the Ingress has <c>spec.defaultBackend</c>.</summary>
    public bool HasDefaultBackend { get; }

    /// <summary>Whether a rule has no host, so that requests for any host may come here.</summary>
    public bool ServesEveryHost { get; }

    /// <summary>True if an annotation or a setting asks for an access check.</summary>
    public bool HasAccessCheck =>
        _options.Catalog.Features.Any(feature => feature.Keys.Any(key => key.IsAccessCheck && Annotations.IsSet(key)))
        || Settings.Features.Any(settings => settings.HasAccessCheck);

    /// <summary>Whether the operator lets names in Ingresses and Services lead to this machine and its link.</summary>
    public bool AllowsLocalAddresses => _options.AllowsLocalAddresses;

    public AnnotationReader Annotations { get; }

    /// <summary>What counts where the Ingress says nothing.</summary>
    public GlobalSettings Settings { get; }

    /// <summary>The Secrets that were looked for, found or not, in the order of their names.</summary>
    public EquatableArray<ResourceName> Secrets => [.. _secrets.Order()];

    /// <summary>The ConfigMaps that were looked for, found or not, in the order of their names.</summary>
    public EquatableArray<ResourceName> ConfigMaps => [.. _configMaps.Order()];

    /// <summary>Why the paths of the Ingress answer 503; null when they are open.</summary>
    public string? ClosedReason => _closedReason ?? Annotations.ClosedReason;

    /// <summary>Whether an object is of the Ingress's own namespace; one without a namespace is.</summary>
    public bool IsOwn(ResourceName name) => name.Namespace.Length == 0 || name.Namespace == Ingress.Namespace;

    /// <summary>A Secret of any type but kubernetes.io/tls; null when none exists. Call it for the Ingress's own namespace only.</summary>
    public V1Secret? FindSecret(ResourceName name)
    {
        _secrets.Add(name);
        return _snapshot.Secrets.GetValueOrDefault(name);
    }

    public V1ConfigMap? FindConfigMap(ResourceName name)
    {
        _configMaps.Add(name);
        return _snapshot.ConfigMaps.GetValueOrDefault(name);
    }

    /// <summary>Reports something about the Ingress.</summary>
    public void Report(Diagnostic diagnostic) => _diagnostics.Add(diagnostic);

    /// <summary>Closes the paths of the Ingress: they answer 503. The cause has to be reported as well.</summary>
    public void Close(string reason) => _closedReason ??= reason;

    /// <summary>All policies of the Ingress.</summary>
    internal RoutePolicies ReadPolicies()
    {
        var policies = new List<RoutePolicy>();
        foreach (var feature in _options.Catalog.Features)
            ReadPolicies(feature, policies);
        if (ClosedReason is { } reason)
            policies.Add(new ClosedPolicy(reason));
        return policies.Count == 0 && Annotations.Sources.Count == 0 ? RoutePolicies.None : new RoutePolicies([.. policies], [.. Annotations.Sources]);
    }

    /// <summary>A defect of ours closes the one Ingress that meets it: thrown further, it would keep every other change of the cluster back.</summary>
    private void ReadPolicies(RouteFeature feature, List<RoutePolicy> policies)
    {
        try
        {
            policies.AddRange(feature.Read(this));
        }
        catch (Exception error)
        {
            // Its message may quote a Secret.
            Report(DiagnosticCatalog.TranslationFailed(Ingress, $"the annotations of \"{feature.Name}\"", error.GetType().Name, isLeftOut: false));
            Close($"the annotations of \"{feature.Name}\" cannot be read");
        }
    }
}
