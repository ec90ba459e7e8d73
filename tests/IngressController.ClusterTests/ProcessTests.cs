using IngressController.ClusterTests.Fixture;

namespace IngressController.ClusterTests;

/// <summary>The program as a process: flags, exit code and log output.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ProcessTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [ClusterFact]
    public async Task The_controller_serves_the_cluster_until_SIGTERM_and_exits_with_0()
    {
        var (http, https, admin) = (FreePort.Take(), FreePort.Take(), FreePort.Take());
        using var process = ChildProcess.StartController(
        [
            "run",
            "--kubeconfig", cluster.Server.WriteKubeconfig(ServiceAccounts.TokenOf("child")),
            "--bind-address", "127.0.0.1", "--http-port", $"{http}", "--https-port", $"{https}", "--admin-port", $"{admin}", "--shutdown-delay", "0",
        ]);
        using var client = new ProxyClient(() => http, () => https);
        await process.UntilOutputAsync($"watching API server {cluster.Server.Address}, all namespaces", Limit);
        await process.UntilOutputAsync("ready: ", Limit);
        using var adminClient = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Wait.UntilAsync(
            async () => await adminClient.GetStringAsync($"http://127.0.0.1:{admin}/readyz") == "ok\n", "it is ready", () => process.Output);

        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "process.example", "a"), ns);
        await client.UntilAnswerAsync("http://process.example/", "200 a", () => process.Output);
        await client.UntilAnswerAsync("https://process.example/", "200 a", () => process.Output);

        process.Terminate();
        Assert.Equal(0, await process.WaitForExitAsync(Limit));
        Assert.DoesNotContain("fail:", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("nhandled", process.Output, StringComparison.Ordinal);
    }

    /// <summary>Watches that wait for their next attempt do not delay the shutdown.</summary>
    [ClusterFact]
    public async Task SIGTERM_ends_a_controller_without_an_API_server()
    {
        var kubeconfig = cluster.Server.WriteKubeconfig(ServiceAccounts.TokenOf("child"));
        var unreachable = Path.Combine(Path.GetDirectoryName(kubeconfig)!, "kubeconfig-unreachable");
        await File.WriteAllTextAsync(
            unreachable, (await File.ReadAllTextAsync(kubeconfig)).Replace($"{cluster.Server.Address}", $"https://127.0.0.1:{FreePort.Take()}/", StringComparison.Ordinal));
        using var process = ChildProcess.StartController(
        [
            "run", "--kubeconfig", unreachable,
            "--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", "0", "--shutdown-delay", "0",
        ]);
        await process.UntilOutputAsync("the API server cannot be reached: Connection refused", Limit);
        process.Terminate();
        Assert.Equal(0, await process.WaitForExitAsync(Limit));
    }
}
