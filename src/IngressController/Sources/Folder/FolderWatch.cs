
namespace IngressController.Sources.Folder;

/// <summary>
/// Signals changes in a folder. It follows the path, not the original folder: a folder or link that replaces it is watched instead.
/// Changes without an event, as on network file systems, are left to the caller's polling.
/// </summary>
internal sealed class FolderWatch(string folder) : IDisposable
{
    private readonly SemaphoreSlim _changed = new(0);
    private FileSystemWatcher? _inside;
    private FileSystemWatcher? _outside;
    private volatile bool _isStale = true;

    /// <summary>
    /// Starts to watch, or restarts after the folder was replaced. Must be called before a read, so that no change is missed.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be watched; call again later.</exception>
    /// <exception cref="ArgumentException">The folder does not exist; its creation is signaled if its parent exists.</exception>
    public void EnsureWatching()
    {
        if (!_isStale)
            return;

        Dispose();
        var isReplaced = false;
        if (Path.GetDirectoryName(folder) is { } parent && Directory.Exists(parent))
            _outside = Watch(new FileSystemWatcher(parent, Path.GetFileName(folder)) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName }, Replaced);
        _inside = Watch(new FileSystemWatcher(folder) { IncludeSubdirectories = true }, Signal);
        // Stays stale when the folder was replaced while this ran.
        _isStale = Volatile.Read(ref isReplaced);

        void Replaced()
        {
            Volatile.Write(ref isReplaced, true);
            _isStale = true;
            Signal();
        }
    }

    /// <summary>Waits for a change; false after the timeout. Several changes before the call count as one.</summary>
    public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellation) => _changed.WaitAsync(timeout, cancellation);

    public void Dispose()
    {
        _inside?.Dispose();
        _outside?.Dispose();
        (_inside, _outside) = (null, null);
    }

    private FileSystemWatcher Watch(FileSystemWatcher watcher, Action onChange)
    {
        watcher.Changed += (_, _) => onChange();
        watcher.Created += (_, _) => onChange();
        watcher.Deleted += (_, _) => onChange();
        watcher.Renamed += (_, _) => onChange();
        // No signal, so that a watch that keeps failing costs one attempt per poll.
        watcher.Error += (_, _) => _isStale = true;
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    private void Signal()
    {
        lock (_changed)
        {
            if (_changed.CurrentCount == 0)
                _changed.Release();
        }
    }
}
