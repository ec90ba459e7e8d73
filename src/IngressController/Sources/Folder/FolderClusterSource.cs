using IngressController.Kubernetes.Watching;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Folder;

/// <summary>
/// Reads a folder of manifests, and again when something in it changes. Nothing that happens to the folder ends it: while the folder
/// is away or unreadable, what it last held is served on.
/// </summary>
internal sealed partial class FolderClusterSource : IClusterSource
{
    private const string List = "manifests";

    /// <summary>Writers touch a file several times: it is read once they have been quiet this long ...</summary>
    internal static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);

    /// <summary>... or after this time, however busy they are.</summary>
    private static readonly TimeSpan LongestSettle = TimeSpan.FromSeconds(1);

    /// <summary>The net below the watcher: network file systems raise no events.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    private readonly Lock _reading = new();
    private readonly string _folder;
    private readonly ClusterStore _store;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly FolderContents _contents;
    private readonly V1IngressClass _givenClass;
    private Dictionary<DiagnosticSubject, IKubernetesObject<V1ObjectMeta>>? _published;
    private string? _trouble;
    private bool _isPolling;

    public FolderClusterSource(string folder, TranslationSettings settings, ClusterStore store, ILogger logger, TimeProvider time)
    {
        _folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        _store = store;
        _logger = logger;
        _time = time;
        _contents = new FolderContents(_folder, problem => Log.Unreadable(logger, problem.Diagnostic.Subject, problem.Diagnostic.Field, problem.Diagnostic.Message), time);
        _givenClass = ManifestSet.GivenClass(settings);
        _store.Await(List);
    }

    public string Description => $"folder {_folder}";

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var watch = new FolderWatch(_folder);
        while (true)
        {
            var started = _time.GetTimestamp();
            TryRead(watch);
            if (!await watch.WaitAsync(PauseAfter(_time.GetElapsedTime(started)), cancellation))
                continue;

            var firstChange = _time.GetTimestamp();
            while (await watch.WaitAsync(Settle, cancellation) && _time.GetElapsedTime(firstChange) < LongestSettle)
                ;
        }
    }

    /// <summary>How long to wait for a change before looking for one.</summary>
    private TimeSpan PauseAfter(TimeSpan reading)
    {
        // Reading thousands of files over and over must not keep a core busy.
        var pause = TimeSpan.FromTicks(Math.Max(Poll.Ticks, 20 * reading.Ticks));
        lock (_reading)
        {
            // Nothing signals that a file stays the same. The settle time is on top so that rounding makes no busy loop of this.
            return _contents.ReadAgainIn + Settle is { } again && again < pause ? again : pause;
        }
    }

    /// <summary>Reads what changed and hands it to the store. The caller knows that the files are complete: nothing that is gone from them is kept.</summary>
    public void ReadAll() => Read(takesAll: true);

    private void Read(bool takesAll)
    {
        lock (_reading)
        {
            if (!_contents.Read(takesAll) && _published is not null && _trouble is null)
                return;
            var manifests = ManifestSet.Of(_contents.Objects, _givenClass);
            Publish(manifests);
            _store.ReplaceUnreadable([.. manifests.Duplicates.Concat(_contents.Problems).Select(problem => problem.Diagnostic)]);
            _trouble = null;
        }
    }

    private void TryRead(FolderWatch watch)
    {
        try
        {
            watch.Renew();
            _isPolling = false;
        }
        catch (Exception error)
        {
            if (!_isPolling && Directory.Exists(_folder))
                Log.Polling(_logger, _folder, Poll.TotalSeconds, error.Message);
            _isPolling = true;
        }

        try
        {
            Read(takesAll: false);
        }
        catch (Exception error)
        {
            Report(Directory.Exists(_folder) ? error.Message : "the folder does not exist");
        }
    }

    /// <summary>Says what keeps the folder from being read, once for as long as it is the same.</summary>
    private void Report(string trouble)
    {
        lock (_reading)
        {
            if (trouble == _trouble)
                return;
            _trouble = trouble;
            _store.ReportUnreadable(DiagnosticCatalog.ObjectUnreadable(new("Folder", new("", _folder)), "(folder)", trouble, keepsLast: _published is not null));
            Log.Away(_logger, _folder, trouble, Poll.TotalSeconds);
        }
    }

    /// <summary>Hands over what differs from the last time: what is needed before what needs it, and removals after all.</summary>
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
        public static partial void Away(ILogger logger, string folder, string reason, double seconds);
    }
}
