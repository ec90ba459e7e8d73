using System.Globalization;

namespace IngressController.Overload;

/// <summary>The memory of the control group that limits the process, of version 1 or 2.</summary>
internal sealed class CgroupMemory
{
    private readonly string _usage;
    private readonly string _statistics;
    private readonly bool _isUnified;

    private CgroupMemory(string folder, bool isUnified, long limit)
    {
        _usage = Path.Combine(folder, isUnified ? "memory.current" : "memory.usage_in_bytes");
        _statistics = Path.Combine(folder, "memory.stat");
        _isUnified = isUnified;
        Limit = limit;
    }

    /// <summary>The limit in bytes.</summary>
    public long Limit { get; }

    /// <summary>Finds the group with the lowest limit among that of the process and its parents; null if none has a limit.</summary>
    /// <param name="root">The root of the file system.</param>
    public static CgroupMemory? Find(string root = "/")
    {
        CgroupMemory? lowest = null;
        foreach (var group in ReadLines(Path.Combine(root, "proc/self/cgroup")))
        {
            if (group.Split(':', 3) is not [_, var controllers, var path])
                continue;
            var isUnified = controllers.Length == 0;
            if (!isUnified && !controllers.Split(',').Contains("memory", StringComparer.Ordinal))
                continue;
            var mount = Path.Combine(root, isUnified ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
            foreach (var folder in WithParents(mount, path))
            {
                if (ReadLimit(Path.Combine(folder, isUnified ? "memory.max" : "memory.limit_in_bytes")) is { } limit && (lowest is null || limit < lowest.Limit))
                    lowest = new CgroupMemory(folder, isUnified, limit);
            }
        }

        return lowest;
    }

    /// <summary>The bytes that count against the limit and cannot be reclaimed: all but the cache of files. Null if they cannot be read.</summary>
    public long? Used()
    {
        if (ReadLines(_usage) is not [var text, ..] || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var used))
            return null;
        // Reading the statistics makes the kernel sum them up, so they are read only when it matters.
        return used < Limit / 2 ? used : Math.Max(0, used - FileCache());
    }

    /// <summary>The folder of a group and those of its parents. In a container the path can be that of the host, which is not mounted.</summary>
    private static IEnumerable<string> WithParents(string mount, string path)
    {
        for (var current = path.Trim('/'); current.Length > 0; current = Path.GetDirectoryName(current) ?? "")
            yield return Path.Combine(mount, current);
        yield return mount;
    }

    private static long? ReadLimit(string file) =>
        // Version 1 says "no limit" by a number close to 2^63.
        ReadLines(file) is [var text, ..] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit < long.MaxValue / 2
            ? limit
            : null;

    private long FileCache()
    {
        var prefix = _isUnified ? "" : "total_";
        return ReadLines(_statistics).Sum(line =>
            line.Split(' ') is [var name, var text] && (name == $"{prefix}inactive_file" || name == $"{prefix}active_file")
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                ? bytes
                : 0);
    }

    private static string[] ReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Not there, or not of this machine: then it limits nothing that can be known.
            return [];
        }
    }
}
