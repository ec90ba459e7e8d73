using System.Runtime.InteropServices;

namespace IngressController.Overload;

/// <summary>
/// Gives memory back to the system after a load, when the process is quiet: the garbage collector alone does not collect while nothing is
/// allocated, and malloc keeps what lies below the last block in use.
/// </summary>
internal sealed partial class MemoryRelease(RequestBudget requests, TimeProvider time, ILogger<MemoryRelease> logger)
{
    /// <summary>The growth since the last release that is worth a collection, which stops all threads for 0.1 to 0.5 s.</summary>
    private const long MinGrowth = 40L << 20;

    /// <summary>More requests in flight than these, or more of a core than this part, is not quiet.</summary>
    private const int MaxRequests = 32;
    private const double MaxCpu = 0.1;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private static readonly MallocTrim? Trim = FindTrim();

    private long _lookedAt;
    private TimeSpan _cpu;
    private int _quietTimes;
    private long _floor;
    private bool _isRepeated;

    private delegate int MallocTrim(nuint pad);

    /// <summary>Looks every few seconds, and releases memory when the process was quiet twice.</summary>
    public void Look()
    {
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_lookedAt, now);
        if (_lookedAt != 0 && elapsed < Interval)
            return;
        if (_lookedAt == 0)
            _floor = Environment.WorkingSet;
        var cpu = Environment.CpuUsage.TotalTime;
        var isQuiet = _lookedAt != 0 && requests.Count <= MaxRequests && (cpu - _cpu) / elapsed <= MaxCpu;
        (_lookedAt, _cpu) = (Math.Max(1, now), cpu);
        _quietTimes = isQuiet ? _quietTimes + 1 : 0;
        if (_quietTimes >= 2 && (_isRepeated || Environment.WorkingSet > _floor + MinGrowth))
            Release();
    }

    private void Release()
    {
        var (before, start) = (Environment.WorkingSet, time.GetTimestamp());
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Trim?.Invoke(0);
        _floor = Environment.WorkingSet;
        _quietTimes = 0;
        // Pools give up their buffers some seconds after the load; then there is more to release.
        _isRepeated = before - _floor > MinGrowth;
        var elapsed = time.GetElapsedTime(start);
        Log.Released(logger, elapsed, before >> 20, _floor >> 20);
    }

    private static MallocTrim? FindTrim() =>
        // Only glibc has it.
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, "malloc_trim", out var function)
            ? Marshal.GetDelegateForFunctionPointer<MallocTrim>(function)
            : null;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "memory released in {Elapsed}: {Before} MiB, now {After} MiB")]
        public static partial void Released(ILogger logger, TimeSpan elapsed, long before, long after);
    }
}
