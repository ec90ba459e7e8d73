using System.Globalization;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.LoadBalancing;

/// <summary>load-balance over real connections.</summary>
public sealed class LoadBalancingStepTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Theory]
    [InlineData("least_requests")]
    [InlineData("power_of_two")]
    public async Task An_endpoint_with_requests_in_flight_gets_no_more_while_the_other_is_idle(string algorithm)
    {
        var (arrived, released, count) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        await using var busy = WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                if (request.Target == "/held")
                {
                    if (Interlocked.Increment(ref count) == 2)
                        arrived.SetResult();
                    await released.Task.WaitAsync(TimeSpan.FromSeconds(15));
                }

                await connection.SendAsync(WireBackend.Ok("busy"));
            }
        });
        await using var idle = WireBackend.Answer(WireBackend.Ok("idle"));
        var name = $"in-flight-{algorithm.Replace('_', '-')}";
        await proxy.AddAsync(Manifests.Service(name, [busy.Port, idle.Port])
            + Manifests.Ingress(name, $"{name}.example", name, annotations: $"load-balance: {algorithm}")
            + Manifests.Ingress($"{name}-turns", $"turns.{name}.example", name));
        // Loads are counted from the first request that needs them, and then those of all Ingresses of the Service.
        await proxy.GetAsync($"{name}.example");
        // Two of four stay at one endpoint: the last one at the other can count a moment longer than its client sees.
        var held = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => proxy.GetAsync($"turns.{name}.example", "/held")));
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(15));
        for (var i = 0; i < 20; i++)
            Assert.Equal("idle", (await proxy.GetAsync($"{name}.example")).Body);

        released.SetResult();
        Assert.Equal(["busy", "busy", "idle", "idle"], (await held).Select(response => response.Body).Order(StringComparer.Ordinal));
        var bodies = new HashSet<string>();
        for (var i = 0; i < 40; i++)
            bodies.Add((await proxy.GetAsync($"{name}.example")).Body);
        Assert.Equal(2, bodies.Count);
    }

    [Fact]
    public async Task Ewma_sends_nearly_all_requests_to_the_faster_endpoint()
    {
        await using var slow = WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await Task.Delay(100);
                await connection.SendAsync(WireBackend.Ok("slow"));
            }
        });
        await using var fast = WireBackend.Answer(WireBackend.Ok("fast"));
        await proxy.AddAsync(Manifests.Service("ewma", [slow.Port, fast.Port]) + Manifests.Ingress("ewma", "ewma.example", "ewma", annotations: "load-balance: ewma"));
        var answers = new List<string>();
        for (var i = 0; i < 50; i++)
            answers.Add((await proxy.GetAsync("ewma.example")).Body);
        // The first requests find out.
        Assert.InRange(answers.Count(answer => answer == "slow"), 0, 3);
    }

    [Theory]
    [InlineData("random", 60, 140)]
    [InlineData("least_conn", 99, 101)]
    [InlineData("RoundRobin", 99, 101)]
    public async Task Requests_one_after_another_reach_all(string algorithm, int min, int max)
    {
        var backends = Enumerable.Range(0, 3).Select(_ => WireBackend.Answer(WireBackend.Ok("ok"))).ToArray();
        var name = $"all-{algorithm.Replace('_', '-').ToLower(CultureInfo.InvariantCulture)}";
        await proxy.AddAsync(Manifests.Service(name, backends.Select(backend => backend.Port))
            + Manifests.Ingress(name, $"{name}.example", name, annotations: $"load-balance: {algorithm}"));
        await using var connection = await proxy.ConnectAsync();
        for (var i = 0; i < 300; i++)
        {
            await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {name}.example\r\n\r\n");
            Assert.Equal(200, (await connection.ReadResponseAsync()).Status);
        }

        Assert.All(backends, backend => Assert.InRange(backend.Requests.Count, min, max));
        foreach (var backend in backends)
            await backend.DisposeAsync();
    }
}
