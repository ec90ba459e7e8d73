using IngressController.Configuration;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Kubernetes;

/// <summary>
/// Watches an API server with one independent list-watch per kind and namespace, so that a failing one does not stop the others.
/// For Secrets and ConfigMaps only the metadata is watched; the referenced objects are fetched one by one.
/// </summary>
internal sealed class KubernetesClusterSource : IClusterSource
{
    private readonly ApiServerConnection _connection;
    private readonly ClusterStore _store;
    private readonly TimeProvider _time;
    private readonly SourceLog _log;
    private readonly WatchMetrics _metrics;
    private readonly ReflectorTimings _timings;
    private readonly List<WatchScope> _scopes;
    private readonly List<Func<CancellationToken, Task>> _runs = [];

    public KubernetesClusterSource(
        ApiServerConnection connection, IngressOptions options, ClusterStore store, WatchMetrics metrics, SourceLog log,
        TimeProvider time, ReflectorTimings? timings = null)
    {
        _connection = connection;
        _store = store;
        _time = time;
        _log = log;
        _metrics = metrics;
        _timings = timings ?? new ReflectorTimings();
        var (namespaces, settings) = (options.Source.WatchNamespaces, options.Translation);
        _scopes = namespaces.Count == 0 ? [new WatchScope(Namespace: null)] : [.. namespaces.Select(ns => new WatchScope(ns))];
        Description = $"API server {connection.Host}, {(namespaces.Count == 0 ? "all namespaces" : $"namespaces {string.Join(", ", namespaces)}")}";

        Watch(ClusterKinds.IngressClasses, new WatchScope(Namespace: null));
        foreach (var scope in _scopes)
        {
            Watch(ClusterKinds.Ingresses, scope);
            Watch(ClusterKinds.Services, scope);
            Watch(ClusterKinds.EndpointSlices, scope);
        }

        if (settings.ReplicasService is { } replicas && IsOutside(replicas))
            Watch(ClusterKinds.EndpointSlices, new WatchScope(replicas.Namespace), $"{KubernetesVocabulary.ServiceNameLabel}={replicas.Name}");
        // Only the status of Ingresses needs this Service, so readiness does not wait for it.
        if (options.Status is { UpdateStatus: true, PublishAddresses.Count: 0, PublishService: { } published } && IsOutside(published))
            Watch(ClusterKinds.Services, new WatchScope(published.Namespace, published.Name), isRequired: false);
        store.References.UseFetchers(
            FetchNamed(
                ClusterKinds.Secrets, ResourceTypes.SecretMetadata, settings.DefaultSslCertificate,
                (name, cancellation) => _connection.Kubernetes.CoreV1.ReadNamespacedSecretAsync(
                    ObjectCalls.PathSegment(name.Name), ObjectCalls.PathSegment(name.Namespace), cancellationToken: cancellation)),
            FetchNamed(
                ClusterKinds.ConfigMaps, ResourceTypes.ConfigMapMetadata, settings.ConfigMap,
                (name, cancellation) => _connection.Kubernetes.CoreV1.ReadNamespacedConfigMapAsync(
                    ObjectCalls.PathSegment(name.Name), ObjectCalls.PathSegment(name.Namespace), cancellationToken: cancellation)));
    }

    public string Description { get; }

    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(_runs.Select(run => run(cancellation)));

    /// <summary>True if an object that an option names is in a namespace that is not watched.</summary>
    private bool IsOutside(ResourceName name) => !_scopes.Exists(scope => scope.Covers(name));

    /// <summary>Watches the metadata of a kind and fetches its referenced objects.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="metadata">The same kind, reduced to its metadata.</param>
    /// <param name="fromOption">The object that an option names; null for none.</param>
    /// <param name="read">Reads one object.</param>
    private NamedObjects<T> FetchNamed<T>(
        ClusterKind<T> kind, ResourceType<PartialObjectMetadata> metadata, ResourceName? fromOption, Func<ResourceName, CancellationToken, Task<T>> read)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var named = new NamedObjects<T>(
            kind, _store, (name, cancellation) => read(name, cancellation).IfFoundAsync(name.Name), OnNotice, _timings, _time);
        _runs.Add(named.RunAsync);
        IEnumerable<WatchScope> scopes = fromOption is { } name && IsOutside(name) ? _scopes.Append(new WatchScope(name.Namespace, name.Name)) : _scopes;
        foreach (var scope in scopes)
        {
            var list = scope.ListName(metadata.ToString());
            Watch(metadata, scope, labelSelector: null, list, change =>
            {
                named.Apply(scope, change);
                if (change is ResourceChange<PartialObjectMetadata>.Replaced)
                    _store.MarkDelivered(list);
            }, OnNotice);
        }

        return named;
    }

    private void Watch<T>(ClusterKind<T> kind, WatchScope scope, string? labelSelector = null, bool isRequired = true)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var list = scope.ListName(kind.Resource.ToString());
        Watch(kind.Resource, scope, labelSelector, list, change => _store.Apply(kind, scope.Namespace, list, change), notice =>
        {
            OnNotice(notice);
            if (notice is ReflectorNotice.Undecodable { Object: var undecodable })
                ReportUnreadable(kind, undecodable);
        }, isRequired);
    }

    private void Watch<T>(
        ResourceType<T> resource, WatchScope scope, string? labelSelector, string list, Action<ResourceChange<T>> onChange, Action<ReflectorNotice> onNotice,
        bool isRequired = true)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (isRequired)
            _store.Expect(list);
        var options = new ReflectorOptions
        {
            Namespace = scope.Namespace,
            FieldSelector = scope.FieldSelector,
            LabelSelector = labelSelector,
            Timings = _timings,
        };
        _runs.Add(new Reflector<T>(_connection, resource, options, _time, onChange, notice =>
        {
            onNotice(notice);
            if (notice is ReflectorNotice.Failed failed)
                _store.ReportFailure(list, failed.Reason);
        }).RunAsync);
    }

    private void OnNotice(ReflectorNotice notice)
    {
        _log.OnNotice(notice);
        _metrics.OnNotice(notice);
    }

    private void ReportUnreadable<T>(ClusterKind<T> kind, UndecodableObject undecodable)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var name = new ResourceName(undecodable.Namespace ?? "default", undecodable.Name ?? "(unnamed)");
        _store.ReportUnreadable(DiagnosticCatalog.ObjectUnreadable(
            new DiagnosticSubject(kind.Resource.Kind, name), "(object)", undecodable.Error,
            keepsLast: kind.Names(_store.Snapshot).Contains(name)));
    }
}
