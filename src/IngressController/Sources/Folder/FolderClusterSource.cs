using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using IngressController.Kubernetes.Models;
using IngressController.Kubernetes.Watching;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;

namespace IngressController.Sources.Folder;

/// <summary>
/// Reads a folder of manifests, and again within 200 ms when something in it changes. A file that is invalid keeps what it last
/// held. Without an IngressClass of our name in the folder, one is taken as given.
/// </summary>
internal sealed partial class FolderClusterSource : IClusterSource
{
    private const string List = "manifests";
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    private readonly string _folder;
    private readonly TranslationSettings _settings;
    private readonly ClusterStore _store;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, FileState> _files = new(StringComparer.Ordinal);

    public FolderClusterSource(string folder, TranslationSettings settings, ClusterStore store, ILogger logger, TimeProvider time)
    {
        _folder = Path.GetFullPath(folder);
        _settings = settings;
        _store = store;
        _logger = logger;
        _time = time;
        _store.Await(List);
    }

    public string Description => $"folder {_folder}";

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var changed = new SemaphoreSlim(0);
        using var watcher = new FileSystemWatcher(_folder) { IncludeSubdirectories = true, EnableRaisingEvents = true };
        watcher.Changed += Signal;
        watcher.Created += Signal;
        watcher.Deleted += Signal;
        watcher.Renamed += Signal;
        watcher.Error += Signal;
        while (true)
        {
            ReadAll();
            // The poll is the net below the watcher: network file systems raise no events.
            await changed.WaitAsync(Poll, cancellation);
            // Writers touch a file several times: wait until they are likely done, then read everything once.
            await Task.Delay(Settle, _time, cancellation);
            while (changed.CurrentCount > 0)
                await changed.WaitAsync(cancellation);
        }

        void Signal(object sender, EventArgs change) => changed.Release();
    }

    /// <summary>Reads what changed and hands the whole to the store.</summary>
    public void ReadAll()
    {
        lock (_files)
            ReadChanged();
    }

    private void ReadChanged()
    {
        var isFirst = _files.Count == 0;
        var anyChanged = ForgetMissing(out var paths);
        foreach (var path in paths)
            anyChanged |= ReadFile(path);
        if (!anyChanged && !isFirst)
            return;

        var objects = _files.OrderBy(file => file.Key, StringComparer.Ordinal).SelectMany(file => file.Value.Held.Objects).Select(item => item.Resource).ToArray();
        Publish(ClusterKinds.IngressClasses, WithOurClass([.. objects.OfType<V1IngressClass>()]));
        Publish(ClusterKinds.Services, objects.OfType<V1Service>());
        Publish(ClusterKinds.EndpointSlices, objects.OfType<V1EndpointSlice>());
        Publish(ClusterKinds.TlsSecrets, objects.OfType<V1Secret>());
        _store.ReplaceUnreadable([.. _files.Values.SelectMany(file => file.Problems)]);
        // Last, so that no Ingress is translated before what it needs; it completes the first list, too.
        Publish(ClusterKinds.Ingresses, objects.OfType<V1Ingress>());
    }

    private bool ForgetMissing(out string[] paths)
    {
        paths = [.. ManifestFiles.In(_folder)];
        var missing = _files.Keys.Except(paths, StringComparer.Ordinal).ToArray();
        foreach (var path in missing)
            _files.Remove(path);
        return missing.Length > 0;
    }

    private bool ReadFile(string path)
    {
        _files.TryGetValue(path, out var before);
        Manifest manifest;
        string hash;
        try
        {
            var bytes = File.ReadAllBytes(path);
            hash = Convert.ToHexString(SHA256.HashData(bytes));
            if (hash == before?.Hash)
                return false;
            using var text = new StreamReader(new MemoryStream(bytes), Encoding.UTF8);
            manifest = Manifest.Read(Path.GetRelativePath(_folder, path), text);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            hash = error.Message;
            if (hash == before?.Hash)
                return false;
            manifest = Manifest.Unreadable(Path.GetRelativePath(_folder, path), error.Message);
        }

        foreach (var problem in manifest.Problems)
            Log.Unreadable(_logger, problem.File, problem.Line, problem.Diagnostic.Subject, problem.Diagnostic.Field, problem.Diagnostic.Message, before is null ? "it is not served" : "the file's last good content is served on");

        // A file with a problem keeps all it held: half of a change is worse than none of it.
        var keepsLast = manifest.Problems.Length > 0 && before is { Held.Objects.Length: > 0 };
        _files[path] = new FileState(
            hash,
            keepsLast ? before!.Held : manifest,
            [.. manifest.Problems.Select(problem => DiagnosticCatalog.ObjectUnreadable(
                problem.Diagnostic.Subject, problem.Diagnostic.Field, $"{problem.File}:{problem.Line}: {problem.Diagnostic.Message}", keepsLast))]);
        return true;
    }

    private void Publish<T>(ClusterKind<T> kind, IEnumerable<T> objects)
        where T : class, IKubernetesObject =>
        _store.Apply(kind, @namespace: null, kind.Resource.Kind == "Ingress" ? List : "", new ResourceChange<T>.Replaced([.. objects], []));

    private IEnumerable<V1IngressClass> WithOurClass(V1IngressClass[] classes) =>
        classes.Any(ingressClass => ingressClass.Metadata?.Name == _settings.IngressClass)
            ? classes
            : classes.Append(new V1IngressClass
            {
                Metadata = new V1ObjectMeta { Name = _settings.IngressClass },
                Spec = new V1IngressClassSpec { Controller = _settings.ControllerClass },
            });

    private sealed record FileState(string Hash, Manifest Held, ImmutableArray<Diagnostic> Problems);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{File}:{Line}: {Subject} {Field}: {Reason}; {Effect}")]
        public static partial void Unreadable(ILogger logger, string file, int line, DiagnosticSubject subject, string field, string reason, string effect);
    }
}
