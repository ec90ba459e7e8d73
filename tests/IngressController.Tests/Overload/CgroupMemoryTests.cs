using IngressController.Overload;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Overload;

/// <summary>The memory limit as control groups of both versions show it.</summary>
public sealed class CgroupMemoryTests : IDisposable
{
    private readonly TempFolder _root = new();

    [Fact]
    public void Version_2_in_a_container()
    {
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/memory.max", "536870912\n");
        Write("sys/fs/cgroup/memory.current", "400000000\n");
        Write("sys/fs/cgroup/memory.stat", "anon 250000000\nfile 150000000\nactive_anon 1\ninactive_file 100000000\nactive_file 40000000\n");

        var group = CgroupMemory.Find(_root.Path)!;

        Assert.Equal((536870912, 260000000L), (group.Limit, group.Used()));
    }

    [Fact]
    public void Version_1_in_a_container()
    {
        Write("proc/self/cgroup", "12:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n");
        // The path is that of the host; the container mounts its own group only.
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456\n");
        Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "200000000\n");
        Write("sys/fs/cgroup/memory/memory.stat", "cache 9\ninactive_file 1\ntotal_inactive_file 50000000\ntotal_active_file 10000000\n");

        var group = CgroupMemory.Find(_root.Path)!;

        Assert.Equal((268435456, 140000000L), (group.Limit, group.Used()));
    }

    [Fact]
    public void Lowest_limit_of_the_group_and_its_parents_applies()
    {
        Write("proc/self/cgroup", "0::/kubepods/pod/container\n");
        Write("sys/fs/cgroup/kubepods/pod/container/memory.max", "max\n");
        Write("sys/fs/cgroup/kubepods/pod/memory.max", "100000000\n");
        Write("sys/fs/cgroup/kubepods/pod/memory.current", "1000\n");
        Write("sys/fs/cgroup/kubepods/memory.max", "900000000\n");

        var group = CgroupMemory.Find(_root.Path)!;

        Assert.Equal((100000000, 1000L), (group.Limit, group.Used()));
    }

    [Theory]
    [InlineData("0::/\n", "sys/fs/cgroup/memory.max", "max\n")]
    [InlineData("4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")]
    [InlineData("4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes", "")]
    [InlineData("2:cpuset:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes", "100\n")]
    [InlineData("nonsense", "elsewhere", "100\n")]
    public void Without_a_limit_there_is_none(string groups, string file, string limit)
    {
        Write("proc/self/cgroup", groups);
        Write(file, limit);

        Assert.Null(CgroupMemory.Find(_root.Path));
    }

    [Fact]
    public void Usage_that_cannot_be_read_is_unknown()
    {
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/memory.max", "536870912\n");

        Assert.Null(CgroupMemory.Find(_root.Path)!.Used());
    }

    public void Dispose() => _root.Dispose();

    private void Write(string file, string text)
    {
        var path = Path.Combine(_root.Path, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
