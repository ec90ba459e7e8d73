using System.Net;
using IngressController.ClusterTests.Fixture;
using IngressController.Kubernetes.Watching;

namespace IngressController.ClusterTests;

/// <summary>Outages and restarts of the API server.</summary>
[Collection(ClusterCollection.Name)]
public sealed class RestartTests(ClusterFixture cluster) : IAsyncLifetime
{
    /// <summary>Timings for outages of a few seconds; long outages are tested in process.</summary>
    private static readonly ReflectorTimings Timings = new() { MaxBackoff = TimeSpan.FromSeconds(1) };

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => cluster.EnsureRunningAsync();

    [ClusterFact]
    public async Task No_request_fails_during_a_crash_of_the_API_server_and_later_changes_are_live()
    {
        await using var controller = await RunningController.StartAsync(cluster.Server, timings: Timings);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "crash.example", "a"), ns);
        await controller.UntilAnswerAsync("http://crash.example/", "200 a");
        await using var load = new Load(controller.Client, "http://crash.example/", connections: 8);

        cluster.Server.Kill();
        await Wait.UntilAsync(() => Task.FromResult(controller.Log.ToString().Contains("Warning: cannot", StringComparison.Ordinal)), "the outage is logged");
        Assert.Equal((HttpStatusCode.OK, "ok"), await controller.ReadyzAsync());
        await cluster.StartAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("later", "later.crash.example", "b"), ns);
        await cluster.Client.DeleteAsync(Manifests.Slice("b", 1), ns);
        await cluster.Client.ApplyAsync(Manifests.Slice("b", cluster.Backend.Port("a")), ns);
        await controller.UntilAnswerAsync("http://later.crash.example/", "200 a");

        var answers = await load.StopAsync();
        Assert.Equal(["200 a"], answers.Keys);
        Assert.True(answers["200 a"] > 100, $"{answers["200 a"]} requests are too small a load");
        Assert.Contains("Information: recovered: ", controller.Log.ToString(), StringComparison.Ordinal);
    }

    /// <summary>
    /// A server that shuts down stops listening at once but serves its watches for up to a minute, while another already listens on its
    /// port: the watches must continue to deliver events, and their end must be detected.
    /// </summary>
    [ClusterFact]
    public async Task A_watch_misses_nothing_while_its_server_drains_and_afterwards()
    {
        const string Host = "drain.example";
        await using var controller = await RunningController.StartAsync(cluster.Server, timings: Timings);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", Host, "a", tlsSecret: "tls"), ns);
        await controller.UntilAnswerAsync($"https://{Host}/", "200 a");

        await cluster.Server.DrainAsync();
        await cluster.StartAsync();
        using var first = Manifests.Certificate(Host);
        await cluster.Client.ApplyAsync(Manifests.TlsSecret("tls", first), ns);
        await UntilCertificateAsync(first.SerialNumber);

        cluster.Server.KillDrained();
        using var second = Manifests.Certificate(Host);
        await cluster.Client.ApplyAsync(Manifests.TlsSecret("tls", second), ns);
        await UntilCertificateAsync(second.SerialNumber);

        Task UntilCertificateAsync(string serialNumber) => Wait.UntilAsync(
            async () => await controller.Client.CertificateAsync(Host) == serialNumber, $"{Host} shows {serialNumber}", controller.Log.ToString);
    }

    /// <summary>A restart resets the watch cache, so that older versions are "Expired" (410); compaction removes them from etcd.</summary>
    [ClusterFact]
    public async Task Versions_that_expire_during_an_outage_are_relisted()
    {
        await using var gate = new Gate(cluster.Server.Address);
        await using var controller = await RunningController.StartAsync(cluster.Server, timings: Timings, through: gate);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("gone", "gone.expired.example", "a"), ns);
        await controller.UntilAnswerAsync("http://gone.expired.example/", "200 a");

        // The gate disconnects the controller meanwhile: an open watch would receive the changes, and no version would expire.
        gate.Shut();
        await cluster.Client.DeleteAsync(Manifests.Ingress("gone", "gone.expired.example", "a"), ns);
        await cluster.Client.ApplyAsync(Manifests.Ingress("new", "new.expired.example", "a"), ns);
        await cluster.Server.Etcd.CompactAsync();
        cluster.Server.Kill();
        await cluster.StartAsync();
        gate.Open();

        await controller.UntilAnswerAsync("http://new.expired.example/", "200 a");
        Assert.Equal("404", await controller.Client.AnswerAsync("http://gone.expired.example/"));
        Assert.Contains("relisting ingresses.networking.k8s.io in all namespaces: ", controller.Log.ToString(), StringComparison.Ordinal);
    }

    [ClusterFact]
    public async Task A_controller_that_starts_without_an_API_server_reports_it_and_becomes_ready_later()
    {
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "late.example", "a"), ns);
        cluster.Server.Kill();
        await using var controller = await RunningController.StartAsync(cluster.Server, timings: Timings, untilReady: false);

        // Each list fails on its own; lists with the same cause share one entry once all have failed.
        await Wait.UntilAsync(
            async () => await controller.ReadyzAsync() is (HttpStatusCode.ServiceUnavailable, var text)
                && text.StartsWith("not ready: waiting for configmaps, endpointslices.discovery.k8s.io, ingressclasses", StringComparison.Ordinal)
                && text.Contains("services (the API server cannot be reached", StringComparison.Ordinal),
            "readyz has the reason", controller.Log.ToString);
        Assert.Contains(controller.Log.Lines, line => line.Text.Contains("the API server cannot be reached: Connection refused", StringComparison.Ordinal));

        await cluster.StartAsync();
        await controller.UntilReadyAsync();
        await controller.UntilAnswerAsync("http://late.example/", "200 a");
    }
}
