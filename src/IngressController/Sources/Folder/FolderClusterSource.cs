using IngressController.Kubernetes.Watching;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Folder;

/// <summary>
/// Reads a folder of manifests and reloads it when it changes. No failure of the folder ends it: while the folder is missing or
/// unreadable, its last content stays in use.
/// </summary>
internal sealed partial class FolderClusterSource : IClusterSource
{
    private const string List = "manifests";

    /// <summary>The time without changes after which the folder is read: a single write can cause several changes of a file.</summary>
    internal static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);

    /// <summary>The time after the first change when the folder is read even if changes continue.</summary>
    private static readonly TimeSpan MaxSettle = TimeSpan.FromSeconds(1);

    /// <summary>The polling interval, for network file systems that raise no events.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly ClusterStore _store;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly FolderContents _contents;
    private readonly V1IngressClass _implicitClass;
    private Dictionary<DiagnosticSubject, IKubernetesObject<V1ObjectMeta>>? _published;
    private string? _failure;
    private bool _isPolling;

    public FolderClusterSource(string folder, TranslationSettings settings, ClusterStore store, ILogger logger, TimeProvider time)
    {
        _folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        _store = store;
        _logger = logger;
        _time = time;
        _contents = new FolderContents(_folder, problem => Log.Unreadable(logger, problem.Diagnostic.Subject, problem.Diagnostic.Field, problem.Diagnostic.Message), time);
        _implicitClass = ManifestSet.ImplicitClass(settings);
        _store.Expect(List);
    }

    public string Description => $"folder {_folder}";

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var watch = new FolderWatch(_folder);
        while (true)
        {
            var started = _time.GetTimestamp();
            TryRead(watch);
            if (!await watch.WaitAsync(PauseAfterRead(_time.GetElapsedTime(started)), cancellation))
                continue;

            var firstChange = _time.GetTimestamp();
            var settles = true;
            while (settles)
                settles = await watch.WaitAsync(Settle, cancellation) && _time.GetElapsedTime(firstChange) < MaxSettle;
        }
    }

    /// <summary>Returns the time after which the folder is read even without a change.</summary>
    private TimeSpan PauseAfterRead(TimeSpan duration)
    {
        // Polling thousands of files must not keep a core busy.
        var pause = TimeSpan.FromTicks(Math.Max(PollInterval.Ticks, 20 * duration.Ticks));
        lock (_lock)
        {
            // No event signals that a file stays unchanged. The settle time is added so that rounding does not cause a busy loop.
            return _contents.ReloadIn + Settle is { } reload && reload < pause ? reload : pause;
        }
    }

    /// <summary>
    /// Reads the changes into the store. The caller knows that the files are complete, so objects that are gone from them are not kept.
    /// </summary>
    public void ReadAll() => Read(isComplete: true);

    private void Read(bool isComplete)
    {
        lock (_lock)
        {
            if (!_contents.Read(isComplete) && _published is not null && _failure is null)
                return;
            var manifests = ManifestSet.Of(_contents.Objects, _implicitClass);
            Publish(manifests);
            _store.ReplaceUnreadable([.. manifests.Duplicates.Concat(_contents.Problems).Select(problem => problem.Diagnostic)]);
            _failure = null;
        }
    }

    private void TryRead(FolderWatch watch)
    {
        try
        {
            watch.EnsureWatching();
            _isPolling = false;
        }
        catch (Exception error)
        {
            if (!_isPolling && Directory.Exists(_folder))
                Log.Polling(_logger, _folder, PollInterval.TotalSeconds, error.Message);
            _isPolling = true;
        }

        try
        {
            Read(isComplete: false);
        }
        catch (Exception error)
        {
            ReportFailure(Directory.Exists(_folder) ? error.Message : "the folder does not exist");
        }
    }

    /// <summary>Reports a failure to read the folder, once while it stays the same.</summary>
    private void ReportFailure(string reason)
    {
        lock (_lock)
        {
            if (reason == _failure)
                return;
            _failure = reason;
            _store.ReportUnreadable(DiagnosticCatalog.ObjectUnreadable(new("Folder", new("", _folder)), "(folder)", reason, keepsLast: _published is not null));
            Log.FolderUnreadable(_logger, _folder, reason, PollInterval.TotalSeconds);
        }
    }

    /// <summary>
    /// Stores the differences: referenced objects before the Ingresses that reference them, removals last and in reverse.
    /// </summary>
    private void Publish(ManifestSet manifests)
    {
        var before = _published ?? [];
        var now = manifests.Objects.ToDictionary(item => item.Subject, item => item.Resource);
        foreach (var (subject, resource) in now.OrderBy(entry => Order(entry.Value)))
        {
            if (!ReferenceEquals(before.GetValueOrDefault(subject), resource))
                _store.Add(resource);
        }

        foreach (var (subject, resource) in before.OrderByDescending(entry => Order(entry.Value)))
        {
            if (!now.ContainsKey(subject))
                _store.Remove(resource);
        }

        if (_published is null)
            _store.Apply(ClusterKinds.Ingresses, @namespace: null, List, new ResourceChange<V1Ingress>.Replaced([.. manifests.OfType<V1Ingress>()], []));
        _published = now;
    }

    private static int Order(IKubernetesObject<V1ObjectMeta> resource) => resource is V1Ingress ? 1 : 0;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Subject} {Field}: {Reason}")]
        public static partial void Unreadable(ILogger logger, DiagnosticSubject subject, string field, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "folder {Folder} cannot be watched, so it is polled every {Seconds} s: {Reason}")]
        public static partial void Polling(ILogger logger, string folder, double seconds, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "folder {Folder} cannot be read: {Reason}; its last content stays in use, and it is read again every {Seconds} s")]
        public static partial void FolderUnreadable(ILogger logger, string folder, string reason, double seconds);
    }
}
