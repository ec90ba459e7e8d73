using System.Collections.Concurrent;

namespace IngressController.Features.BasicAuthentication;

/// <summary>
/// Caches the keys of one verdict for a limited time. Accepted and rejected keys have separate caches, so that guessing, which adds a new
/// key each time, cannot evict accepted logins. Lookups take no lock.
/// </summary>
internal sealed class VerdictCache(int capacity, TimeSpan lifetime, TimeProvider time)
{
    private readonly ConcurrentDictionary<VerdictKey, long> _added = new();
    private readonly Queue<(VerdictKey Key, long Added)> _inOrder = new();
    private readonly Lock _lock = new();

    /// <summary>Number of cached keys, including expired ones.</summary>
    public int Count => _added.Count;

    public bool Contains(VerdictKey key) => _added.TryGetValue(key, out var added) && !IsExpired(added, time.GetTimestamp());

    public void Add(VerdictKey key)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            // All keys have the same lifetime, so the oldest expires first.
            while (_inOrder.TryPeek(out var oldest) && (_inOrder.Count >= capacity || IsExpired(oldest.Added, now)))
            {
                _inOrder.Dequeue();
                // Keeps a key that has been added again since.
                _added.TryRemove(KeyValuePair.Create(oldest.Key, oldest.Added));
            }

            _added[key] = now;
            _inOrder.Enqueue((key, now));
        }
    }

    private bool IsExpired(long added, long now) => time.GetElapsedTime(added, now) >= lifetime;
}
