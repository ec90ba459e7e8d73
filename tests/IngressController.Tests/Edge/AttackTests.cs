using IngressController.Tests.Edge.Attacks;
using Xunit.Abstractions;

namespace IngressController.Tests.Edge;

/// <summary>
/// Attacks on the program in a process of its own, with the heap of a container of 512 MiB: it lives, its memory is bounded, and a second
/// client is served. With EDGE_FULL=1, or a number of seconds, each attack lasts longer, nginx and HAProxy are attacked as well, and the rows of
/// docs/security.md are written.
/// </summary>
public sealed class AttackTests(AttackFixture fixture, ITestOutputHelper output) : IClassFixture<AttackFixture>
{
    /// <summary>In MiB, of which most is garbage that is not collected yet: the heap may grow to 384.</summary>
    private const double MaxMemory = 250;

    /// <summary>In milliseconds. Attackers, backend and other tests share the processors with it.</summary>
    private const double MaxP99 = 10_000;

    public static TheoryData<string, string> Attacks
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var server in AttackFixture.Servers)
            {
                foreach (var attack in Attack.All)
                    data.Add(server, attack.Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task A_second_client_is_served_within_bounded_memory(string server, string name)
    {
        var attack = Attack.All.Single(attack => attack.Name == name);
        var result = await fixture.RunAsync(server, attack);
        output.WriteLine(result.Row(server));
        if (server != AttackFixture.Controller)
            return;

        Assert.True(fixture.IsAlive, $"the process has ended:\n{fixture.Log}");
        Assert.True(result.Failures.Count == 0, $"{result.Failures.Count} of {result.Requests} requests failed, such as {result.Failures.Take(1).SingleOrDefault()}\n{fixture.Log}");
        Assert.InRange(result.Memory, double.MinValue, MaxMemory);
        Assert.InRange(result.P99, 0, MaxP99);
    }
}
