using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Retries;

/// <summary>proxy-next-upstream-tries.</summary>
public sealed class RetriesStepTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Fact]
    public async Task With_one_try_a_refused_connection_is_502_once_and_avoided_then()
    {
        using var refusing = WireBackend.Refusing(out var port);
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        await proxy.AddAsync(
            Manifests.Service("one-try", [port, backend.Port])
            + Manifests.Ingress("one-try", "one-try.example", "one-try", annotations: "proxy-next-upstream-tries: \"1\""));
        var statuses = new List<int>();
        for (var i = 0; i < 6; i++)
            statuses.Add((await proxy.GetAsync("one-try.example")).Status);
        Assert.Single(statuses, 502);
        Assert.Equal(5, statuses.Count(status => status == 200));
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("2", 2)]
    [InlineData("0", 4)]
    public async Task Closed_kept_connections_of_idempotent_requests_use_up_tries(string tries, int attempts)
    {
        var arrived = 0;
        await using var backend = WireBackend.Start(async connection =>
        {
            // The connection is kept after the first request; the second one meets its end.
            while (await connection.ReadRequestAsync() is { } request)
            {
                if (request.Target == "/warm")
                {
                    await connection.SendAsync(WireBackend.Ok("ok"));
                    continue;
                }

                if (Interlocked.Increment(ref arrived) == 4)
                    await connection.SendAsync(WireBackend.Ok("ok"));
                return;
            }
        });
        var name = $"tries-{tries}";
        await proxy.AddAsync(
            Manifests.Service(name, [backend.Port]) + Manifests.Ingress(name, $"{name}.example", name, annotations: $"proxy-next-upstream-tries: \"{tries}\""));
        // Four kept connections: requests that are answered at the same time.
        await using var first = await proxy.ConnectAsync();
        await using var second = await proxy.ConnectAsync();
        await using var third = await proxy.ConnectAsync();
        await using var fourth = await proxy.ConnectAsync();
        WireConnection[] clients = [first, second, third, fourth];
        await Task.WhenAll(clients.Select(client => client.SendAsync($"GET /warm HTTP/1.1\r\nHost: {name}.example\r\n\r\n")));
        foreach (var client in clients)
            await client.ReadResponseAsync();
        var response = await proxy.GetAsync($"{name}.example");
        Assert.InRange(arrived, 1, attempts);
        Assert.Equal(arrived == 4 ? 200 : 502, response.Status);
    }
}
