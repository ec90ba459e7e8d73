using System.Globalization;

namespace IngressController.Overload;

/// <summary>What the machine or the container grants the process.</summary>
/// <param name="Memory">The bytes of memory.</param>
/// <param name="Heap">The bytes of the managed heap, which is a part of it.</param>
/// <param name="Files">The number of open files, which connections are, too.</param>
internal sealed record MachineLimits(long Memory, long Heap, int Files)
{
    /// <summary>Reads the limits of this process.</summary>
    public static MachineLimits Read(CgroupMemory? cgroup)
    {
        // The hard limit of the heap if there is one, else the memory of the container or the machine.
        var heap = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        // A heap that was limited further says what the operator wants the process to take, native memory on top.
        return new(cgroup is null ? heap : Math.Min(cgroup.Limit, heap / 2 * 3), heap, OpenFiles());
    }

    private static int OpenFiles()
    {
        const string Name = "Max open files";
        const int Unknown = 1 << 20;
        if (!OperatingSystem.IsLinux())
            return Unknown;
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) ?? "";
        return line[Math.Min(line.Length, Name.Length)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..]
            && int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var files)
                ? files
                : Unknown;
    }
}
