using System.Globalization;

namespace IngressController.Tests.Fakes;

/// <summary>A control group that limits the memory of the processes that a test starts in it, of version 1 or 2.</summary>
internal sealed class MemoryCgroup : IDisposable
{
    private const string Version1 = "/sys/fs/cgroup/memory";
    private const string Version2 = "/sys/fs/cgroup";

    private readonly string _folder;
    private readonly bool _isVersion1;

    /// <summary>Creates a group.</summary>
    /// <param name="megabytes">The limit in MiB.</param>
    public MemoryCgroup(int megabytes)
    {
        _isVersion1 = Directory.Exists(Version1);
        _folder = Path.Combine(_isVersion1 ? Version1 : Version2, $"ingress-test-{Guid.NewGuid():N}");
        if (!_isVersion1 && !File.ReadAllText($"{Version2}/cgroup.subtree_control").Contains("memory", StringComparison.Ordinal))
            File.WriteAllText($"{Version2}/cgroup.subtree_control", "+memory");
        Directory.CreateDirectory(_folder);
        Write(_isVersion1 ? "memory.limit_in_bytes" : "memory.max", ((long)megabytes << 20).ToString(CultureInfo.InvariantCulture));
        // Swap would hide what takes too much.
        if (!_isVersion1 && File.Exists(Path.Combine(_folder, "memory.swap.max")))
            Write("memory.swap.max", "0");
    }

    /// <summary>The reason why this machine allows no such group; null if it does.</summary>
    public static string? Problem { get; } = FindProblem();

    /// <summary>The file to which a process writes its id to join.</summary>
    public string Processes => Path.Combine(_folder, "cgroup.procs");

    public void Dispose()
    {
        // The kernel lets go of a process shortly after it has ended.
        for (var i = 0; ; i++)
        {
            try
            {
                Directory.Delete(_folder);
                return;
            }
            catch (IOException) when (i < 100)
            {
                Thread.Sleep(50);
            }
        }
    }

    private static string? FindProblem()
    {
        try
        {
            new MemoryCgroup(256).Dispose();
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"a memory cgroup is needed: {error.Message}";
        }
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_folder, file), text);
}

/// <summary>A theory that needs a memory cgroup.</summary>
internal sealed class CgroupTheoryAttribute : TheoryAttribute
{
    public CgroupTheoryAttribute() => Skip = MemoryCgroup.Problem;
}
