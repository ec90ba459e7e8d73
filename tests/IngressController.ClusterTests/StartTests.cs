using System.Diagnostics;
using IngressController.ClusterTests.Fixture;
using Xunit.Abstractions;

namespace IngressController.ClusterTests;

/// <summary>The start of a process in a cluster with many Ingresses.</summary>
[Collection(ClusterCollection.Name)]
public sealed class StartTests(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int Ingresses = 1000;

    /// <summary>Far more than the usual time (docs/performance.md), because the machine may be busy.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>After the probe succeeds, no client gets a 404 for a rule that existed before.</summary>
    [ClusterFact]
    public async Task A_ready_controller_serves_every_Ingress_of_the_cluster()
    {
        var ns = await cluster.NewNamespaceWithServicesAsync();
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, Ingresses), new ParallelOptions { MaxDegreeOfParallelism = 16 },
                async (i, _) => await cluster.Client.CreateAsync(Manifests.Ingress($"i{i}", $"{i}.start.example", "a"), ns));
            for (var run = 0; run < 3; run++)
                await StartAsync();
        }
        finally
        {
            // The controllers of other tests would serve them too.
            using var answer = await cluster.Client.Http.DeleteAsync($"/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses");
            answer.EnsureSuccessStatusCode();
        }
    }

    private async Task StartAsync()
    {
        var (http, https, admin) = (FreePort.Take(), FreePort.Take(), FreePort.Take());
        var start = Stopwatch.GetTimestamp();
        using var process = ChildProcess.StartController(
        [
            "run", "--kubeconfig", cluster.Server.WriteKubeconfig(ServiceAccounts.TokenOf("child")),
            "--bind-address", "127.0.0.1", "--http-port", $"{http}", "--https-port", $"{https}", "--admin-port", $"{admin}",
        ]);
        await process.UntilOutputAsync("ready: ", Limit);
        output.WriteLine($"{Ingresses} Ingresses: ready after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");

        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Wait.UntilAsync(
            async () => await client.GetStringAsync($"http://127.0.0.1:{admin}/readyz") == "ok\n", "it is ready", () => process.Output);
        foreach (var i in new[] { 0, Ingresses / 2, Ingresses - 1 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{http}/") { Headers = { Host = $"{i}.start.example" } };
            using var answer = await client.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, $"{i}.start.example: {(int)answer.StatusCode}\n{process.Output}");
        }
    }
}
