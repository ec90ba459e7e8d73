using IngressController.Configuration;
using IngressController.Overload;

namespace IngressController.Tests.Overload;

/// <summary>The budgets that are computed from the limits of the machine.</summary>
public sealed class OverloadBudgetsTests
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(128, 1 << 20)]
    [InlineData(256, 1 << 20)]
    [InlineData(512, 1 << 20)]
    [InlineData(4096, 1 << 20)]
    [InlineData(512, 1024)]
    public void All_of_them_together_fit_into_the_memory_beside_the_program(long memory, int files)
    {
        var budgets = Of(memory, files);

        // What was measured: 48 KiB for a connection, 24 KiB for a request that waits.
        var all = budgets.Connections * 48 * 1024L + budgets.Requests * 24 * 1024L + budgets.BufferedBytes + budgets.HeaderBytes;
        Assert.InRange(all, 0, Math.Max((memory - 96) * MiB, memory * MiB / 4) * 9 / 10);
        Assert.InRange(budgets.Connections, 200, files / 2);
        Assert.InRange(budgets.ConnectionsPerClient, 1, budgets.Connections);
        Assert.InRange(budgets.Requests, 250, files / 2);
    }

    [Fact]
    public void More_memory_allows_more()
    {
        OverloadBudgets[] grown = [Of(256, 1 << 20), Of(512, 1 << 20), Of(1024, 1 << 20)];

        Assert.Equal(grown, grown.OrderBy(budgets => budgets.Connections));
        Assert.Equal(grown, grown.OrderBy(budgets => budgets.Requests));
        Assert.Equal(grown, grown.OrderBy(budgets => budgets.BufferedBytes));
        Assert.InRange(grown[0].Connections, 1000, 1500);
        Assert.InRange(grown[1].Connections, 2500, 4000);
    }

    [Fact]
    public void Options_take_precedence()
    {
        var options = new OverloadOptions { MaxConnections = 7, MaxRequests = 8, MaxBufferedBytes = 70_000, MaxHeaderBytes = 80_000, MaxBufferedBytesPerConnection = 90_000 };

        Assert.Equal(new OverloadBudgets(7, 3, 8, 70_000, 80_000, 90_000), OverloadBudgets.Of(options, new MachineLimits(512 * MiB, 384 * MiB, 1000)));
        Assert.Equal(5, OverloadBudgets.Of(options with { MaxConnectionsPerClient = 5 }, new MachineLimits(512 * MiB, 384 * MiB, 1000)).ConnectionsPerClient);
    }

    [Fact]
    public void Limits_of_this_machine_can_be_read()
    {
        var machine = MachineLimits.Read(CgroupMemory.Find());

        Assert.InRange(machine.Memory, 64 * MiB, long.MaxValue);
        Assert.InRange(machine.Heap, 64 * MiB, long.MaxValue);
        Assert.InRange(machine.Files, 256, int.MaxValue);
    }

    private static OverloadBudgets Of(long memory, int files) =>
        OverloadBudgets.Of(new OverloadOptions(), new MachineLimits(memory * MiB, memory * MiB * 3 / 4, files));
}
