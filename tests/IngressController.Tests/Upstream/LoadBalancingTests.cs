using IngressController.Tests.Fakes;

namespace IngressController.Tests.Upstream;

/// <summary>The distribution of requests over the endpoints of a Service.</summary>
public sealed class LoadBalancingTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Fact]
    public async Task Endpoints_take_even_turns_one_after_another_and_at_once_also_after_a_change()
    {
        var backends = Enumerable.Range(0, 4).Select(_ => WireBackend.Answer(WireBackend.Ok("ok"))).ToArray();
        await proxy.AddAsync(Manifests.Ingress("even", "even.example", "even"));
        await proxy.AddAsync(Manifests.Service("even", backends[..3].Select(backend => backend.Port)));
        await using var connection = await proxy.ConnectAsync();
        await SendAsync(connection, 300);
        Assert.All(Counts()[..3], count => Assert.InRange(count, 99, 101));

        await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            await using var own = await proxy.ConnectAsync();
            await SendAsync(own, 30);
        }));
        Assert.All(Counts()[..3], count => Assert.InRange(count, 99, 101));

        // The new endpoint receives its share immediately.
        await proxy.AddAsync(Manifests.Service("even", backends.Select(backend => backend.Port)));
        await SendAsync(connection, 300);
        Assert.All(Counts(), count => Assert.InRange(count, 74, 76));
        foreach (var backend in backends)
            await backend.DisposeAsync();

        int[] Counts()
        {
            var counts = backends.Select(backend => backend.Requests.Count).ToArray();
            foreach (var backend in backends)
                backend.Requests.Clear();
            return counts;
        }

        static async Task SendAsync(WireConnection connection, int requests)
        {
            for (var i = 0; i < requests; i++)
            {
                await connection.SendAsync("GET / HTTP/1.1\r\nHost: even.example\r\n\r\n");
                Assert.Equal(200, (await connection.ReadResponseAsync()).Status);
            }
        }
    }
}
