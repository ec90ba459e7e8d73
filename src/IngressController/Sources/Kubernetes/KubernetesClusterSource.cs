using IngressController.Configuration;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Models;
using IngressController.Kubernetes.Watching;
using IngressController.Observability;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;

namespace IngressController.Sources.Kubernetes;

/// <summary>Watches an API server: one list-watch per kind and namespace, each on its own, so that one that fails does not stop the others.</summary>
internal sealed class KubernetesClusterSource : IClusterSource, IDisposable
{
    private readonly KubernetesClient _client;
    private readonly ClusterStore _store;
    private readonly TimeProvider _time;
    private readonly SourceLog _log;
    private readonly WatchMetrics _metrics;
    private readonly ReflectorTimings _timings;
    private readonly List<Func<CancellationToken, Task>> _watches = [];

    public KubernetesClusterSource(
        KubernetesClientConfiguration configuration, SourceOptions options, ClusterStore store, WatchMetrics metrics, SourceLog log,
        TimeProvider time, ReflectorTimings? timings = null)
    {
        _client = new KubernetesClient(configuration, time, notice => log.Notice(notice));
        _store = store;
        _time = time;
        _log = log;
        _metrics = metrics;
        _timings = timings ?? new ReflectorTimings();
        var namespaces = options.WatchNamespaces.Count == 0 ? [null] : options.WatchNamespaces.ToArray<string?>();
        Description = $"API server {configuration.Host}, {(options.WatchNamespaces.Count == 0 ? "all namespaces" : $"namespaces {string.Join(", ", options.WatchNamespaces)}")}";

        Watch(ClusterKinds.IngressClasses, @namespace: null);
        foreach (var ns in namespaces)
        {
            Watch(ClusterKinds.Ingresses, ns);
            Watch(ClusterKinds.Services, ns);
            Watch(ClusterKinds.EndpointSlices, ns);
            Watch(ClusterKinds.Secrets, ns, fieldSelector: $"type={V1Secret.TlsType}");
        }
    }

    public string Description { get; }

    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(_watches.Select(watch => watch(cancellation)));

    public void Dispose() => _client.Dispose();

    private void Watch<T>(ClusterKind<T> kind, string? @namespace, string? fieldSelector = null)
        where T : class, IKubernetesObject
    {
        var list = @namespace is null ? kind.Resource.ToString() : $"{kind.Resource} in namespace {@namespace}";
        _store.Await(list);
        var reflector = new Reflector<T>(
            _client, kind.Resource,
            new ReflectorOptions { Namespace = @namespace, FieldSelector = fieldSelector, Timings = _timings },
            _time,
            change => _store.Apply(kind, @namespace, list, change),
            notice => Note(kind, list, notice));
        _watches.Add(reflector.RunAsync);
    }

    private void Note<T>(ClusterKind<T> kind, string list, ReflectorNotice notice)
        where T : class, IKubernetesObject
    {
        _log.Notice(notice);
        _metrics.Notice(notice);
        if (notice is ReflectorNotice.Failed failed)
            _store.ReportTrouble(list, failed.Reason);
        if (notice is ReflectorNotice.Undecodable { Object: var undecodable })
        {
            var name = new ResourceName(undecodable.Namespace ?? "default", undecodable.Name ?? "(unnamed)");
            _store.ReportUnreadable(DiagnosticCatalog.ObjectUnreadable(
                new DiagnosticSubject(kind.Resource.Kind, name), "(object)", undecodable.Error,
                keepsLast: kind.Names(_store.Snapshot).Contains(name)));
        }
    }
}
