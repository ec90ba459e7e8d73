namespace IngressController.Signals;

/// <summary>
/// Limits the log to one line per second for each failing endpoint of a route. With a line per request, a dead backend under load would
/// fill the disk and hide other messages. The table has a fixed size; endpoints in the same slot share its line.
/// </summary>
internal sealed class FailureLogLimit(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Slot[] _slots = new Slot[1024];
    private readonly Lock _lock = new();

    /// <summary>True if a failure must be logged now.</summary>
    /// <param name="key">The hash code of the failing endpoint and its route.</param>
    /// <param name="suppressed">Number of failures that were not logged since the last one that was.</param>
    public bool TryTake(int key, out long suppressed)
    {
        ref var slot = ref _slots[(uint)key % (uint)_slots.Length];
        var now = time.GetTimestamp();
        lock (_lock)
        {
            suppressed = slot.Suppressed;
            if (slot.IsUsed && time.GetElapsedTime(slot.Logged, now) < Interval)
            {
                slot.Suppressed++;
                return false;
            }

            slot = new Slot(IsUsed: true, now, Suppressed: 0);
            return true;
        }
    }

    private record struct Slot(bool IsUsed, long Logged, long Suppressed);
}
