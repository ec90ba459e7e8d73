namespace IngressController.Overload;

/// <summary>Reads which part of its memory the process takes.</summary>
internal sealed class MemoryPressure(MachineLimits machine, CgroupMemory? cgroup, TimeProvider time)
{
    /// <summary>The part at which garbage is collected first, to learn what is live.</summary>
    private const double Crowded = 0.75;

    /// <summary>A collection of everything stops all threads, so there is one in this time at most.</summary>
    private static readonly TimeSpan CollectInterval = TimeSpan.FromSeconds(2);

    private long _collectedAt;
    private bool _hasCollected;

    /// <summary>The part of the managed heap that is taken, garbage included unless it was just collected.</summary>
    public double Heap { get; private set; }

    /// <summary>The part of the container's memory that is taken; 0 if it has no limit.</summary>
    public double Container { get; private set; }

    public double Read()
    {
        Container = (double)(cgroup?.Used() ?? 0) / (cgroup?.Limit ?? 1);
        Heap = ReadHeap();
        if (Heap >= Crowded && (!_hasCollected || time.GetElapsedTime(_collectedAt) >= CollectInterval))
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: Heap >= 0.9);
            _hasCollected = true;
            _collectedAt = time.GetTimestamp();
            Heap = ReadHeap();
        }

        return Math.Max(Heap, Container);
    }

    /// <summary>The bytes above a part of the memory.</summary>
    public long Excess(double part) => (long)Math.Max((Heap - part) * machine.Heap, (Container - part) * machine.Memory);

    private double ReadHeap() => (double)GC.GetTotalMemory(forceFullCollection: false) / machine.Heap;
}
