using System.Collections.Concurrent;

namespace IngressController.Features.BasicAuthentication;

/// <summary>
/// Keys of one verdict, each for a time. Accepted and rejected ones are apart, so that guessing, which makes a new key each time, cannot
/// push out those who logged in. Reading takes no lock.
/// </summary>
internal sealed class VerdictCache(int capacity, TimeSpan lifetime, TimeProvider time)
{
    private readonly ConcurrentDictionary<VerdictKey, long> _added = new();
    private readonly Queue<(VerdictKey Key, long Added)> _inOrder = new();
    private readonly Lock _lock = new();

    /// <summary>How many keys are held, expired ones among them.</summary>
    public int Count => _added.Count;

    public bool Contains(VerdictKey key) => _added.TryGetValue(key, out var added) && !IsExpired(added, time.GetTimestamp());

    public void Add(VerdictKey key)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            // All live equally long, so the oldest is the next to expire.
            while (_inOrder.TryPeek(out var oldest) && (_inOrder.Count >= capacity || IsExpired(oldest.Added, now)))
            {
                _inOrder.Dequeue();
                // Not when it was added again since.
                _added.TryRemove(KeyValuePair.Create(oldest.Key, oldest.Added));
            }

            _added[key] = now;
            _inOrder.Enqueue((key, now));
        }
    }

    private bool IsExpired(long added, long now) => time.GetElapsedTime(added, now) >= lifetime;
}
