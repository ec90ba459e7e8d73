namespace IngressController.Signals;

/// <summary>
/// One line per second for each failing endpoint of a route: with a line per request, a dead backend under load fills the disk and
/// hides what else happens. The table is fixed, whatever tenants create; those that share a slot share its line.
/// </summary>
internal sealed class FailureLogLimit(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Slot[] _slots = new Slot[1024];
    private readonly Lock _lock = new();

    /// <summary>Whether a failure is to be logged now.</summary>
    /// <param name="key">What fails, as a hash code.</param>
    /// <param name="suppressed">How many failures of it were not logged since the last that was.</param>
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
