using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;
using IngressController.Configuration;
using IngressController.Routing.Translation;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace IngressController.ClusterTests;

/// <summary>The leader writes the status of the Ingresses of its class, and nothing else.</summary>
[Collection(ClusterCollection.Name)]
public sealed class StatusTests(ClusterFixture cluster, ITestOutputHelper output)
{
    private static readonly StatusOptions Fixed = new() { PublishAddresses = ["203.0.113.9"] };

    [ClusterFact]
    public async Task The_status_is_written_once_when_the_route_is_live()
    {
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await using var controller = await RunningController.StartAsync(cluster.Server, namespaces: [ns], status: Fixed, leadsIn: ns);
        for (var i = 0; i < 10; i++)
        {
            await cluster.Client.ApplyAsync(Manifests.Ingress($"i-{i}", $"status-{i}.example", "a"), ns);
            await UntilStatusAsync(ns, $"i-{i}", "203.0.113.9", controller);
            Assert.Equal("200 a", await controller.Client.AnswerAsync($"http://status-{i}.example/"));
        }

        var versions = await VersionsAsync(ns);
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.Equal(versions, await VersionsAsync(ns));
        Assert.Equal((10L, 0), (controller.Statuses.Of("written"), controller.Statuses.Pending));
        Assert.Equal("yarp-ingress-controller", await ManagerAsync(ns, "i-0"));
        Assert.DoesNotContain(controller.Log.Lines, line => line.Level >= LogLevel.Warning);
    }

    [ClusterFact]
    public async Task The_status_follows_the_Service_in_a_namespace_that_is_not_watched()
    {
        var (ns, own) = (await cluster.NewNamespaceWithServicesAsync(), await cluster.NewNamespaceAsync());
        await cluster.Client.ApplyAsync("""
            apiVersion: v1
            kind: Service
            metadata: {name: proxy}
            spec: {type: LoadBalancer, ports: [{port: 80, protocol: TCP}]}
            """, own);
        await using var controller = await RunningController.StartAsync(cluster.Server, namespaces: [ns], status: new StatusOptions { PublishService = new(own, "proxy") }, leadsIn: ns);
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "follows.example", "a"), ns);
        await controller.UntilAnswerAsync("http://follows.example/", "200 a");
        Assert.Equal("", await StatusAsync(ns, "i"));

        foreach (var (addresses, expected) in new[]
        {
            ("""[{"ip":"203.0.113.1"}]""", "203.0.113.1"), ("""[{"hostname":"lb.example"},{"ip":"203.0.113.2"}]""", "203.0.113.2 lb.example"),
        })
        {
            await cluster.Client.WriteStatusAsync($"/api/v1/namespaces/{own}/services/proxy", addresses, "cloud");
            await UntilStatusAsync(ns, "i", expected, controller);
        }

        // The answer to a write may come after the watch has shown it.
        await Wait.UntilAsync(() => Task.FromResult(controller.Statuses.Of("written") > 1), "both are counted", controller.Log.ToString);
        Assert.Equal(2, controller.Statuses.Of("written"));
    }

    [ClusterFact]
    public async Task The_leader_resets_only_its_own_status_on_Ingresses_of_another_class()
    {
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await using (var controller = await RunningController.StartAsync(cluster.Server, namespaces: [ns], status: Fixed, leadsIn: ns))
        {
            foreach (var name in new[] { "given", "given-while-away", "taken", "kept" })
            {
                await cluster.Client.ApplyAsync(Manifests.Ingress(name, $"{name}.moved.example", "a"), ns);
                await UntilStatusAsync(ns, name, "203.0.113.9", controller);
            }

            await cluster.Client.ApplyAsync(Manifests.Ingress("given", "given.moved.example", "a", ingressClass: "another"), ns);
            await UntilStatusAsync(ns, "given", "", controller);
        }

        foreach (var name in new[] { "given-while-away", "taken" })
            await cluster.Client.ApplyAsync(Manifests.Ingress(name, $"{name}.moved.example", "a", ingressClass: "another"), ns);
        // Its new controller writes an address of its own, and then the same one as this controller.
        await cluster.Client.WriteStatusAsync(Path(ns, "taken"), """[{"ip":"203.0.113.1"}]""", "another-controller");
        await cluster.Client.WriteStatusAsync(Path(ns, "taken"), """[{"ip":"203.0.113.9"}]""", "another-controller");
        var kept = await VersionAsync(ns, "kept");
        var taken = await VersionAsync(ns, "taken");

        await using var next = await RunningController.StartAsync(cluster.Server, namespaces: [ns], status: Fixed, leadsIn: ns);
        await UntilStatusAsync(ns, "given-while-away", "", next);
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.Equal((kept, taken), (await VersionAsync(ns, "kept"), await VersionAsync(ns, "taken")));
        Assert.Equal(1L, next.Statuses.Of("written"));
    }

    [ClusterFact]
    public async Task With_host_networking_the_status_has_the_node_addresses()
    {
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync($"{{apiVersion: v1, kind: Node, metadata: {{name: {ns}-node}}}}");
        using var patch = JsonContent.Create(new { status = new { addresses = new[] { new { type = "InternalIP", address = "10.0.0.1" }, new { type = "ExternalIP", address = "203.0.113.5" } } } });
        patch.Headers.ContentType = new("application/merge-patch+json");
        using var patched = await cluster.Client.Http.PatchAsync($"/api/v1/nodes/{ns}-node/status", patch);
        patched.EnsureSuccessStatusCode();
        await cluster.Client.ApplyAsync(Manifests.Slice("replicas", 80).Replace("{addresses", $"{{nodeName: {ns}-node, addresses", StringComparison.Ordinal), ns);
        await using var controller = await RunningController.StartAsync(
            cluster.Server, namespaces: [ns], settings: new TranslationSettings { ReplicasService = new(ns, "replicas") }, leadsIn: ns);
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "node.example", "a"), ns);
        await UntilStatusAsync(ns, "i", "203.0.113.5", controller);
    }

    [ClusterFact]
    public async Task Only_the_last_replica_resets_the_status_at_shutdown()
    {
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "last-replica.example", "a"), ns);
        var another = Manifests.Slice("replicas", 80).Replace("conditions", "targetRef: {kind: Pod, name: another}, conditions", StringComparison.Ordinal);
        foreach (var (replicas, expected) in new[] { (another, "203.0.113.9"), (another.Replace("ready: true", "ready: false", StringComparison.Ordinal), "") })
        {
            await cluster.Client.ApplyAsync(replicas, ns);
            await using (var controller = await RunningController.StartAsync(
                cluster.Server, namespaces: [ns], settings: new TranslationSettings { ReplicasService = new(ns, "replicas") },
                status: Fixed with { RemoveOnShutdown = true }, leadsIn: ns))
            {
                await UntilStatusAsync(ns, "i", "203.0.113.9", controller);
                // It is the leader at shutdown, even if there was nothing to write.
                await Wait.UntilAsync(
                    () => Task.FromResult(controller.Log.Lines.Any(line => line.Text.StartsWith("started leading", StringComparison.Ordinal))), "the replica leads", controller.Log.ToString);
            }

            Assert.Equal(expected, await StatusAsync(ns, "i"));
        }
    }

    [ClusterFact]
    public async Task Without_permission_to_write_the_status_the_log_names_it()
    {
        const string Account = "restricted";
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Grant(Account, Manifests.ControllerRules));
        await cluster.Client.ApplyAsync(Manifests.GrantLeadership(Account));
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "ungranted.example", "a"), ns);
        await using var controller = await RunningController.StartAsync(
            cluster.Server, Account, [ns], new() { MinBackoff = TimeSpan.FromMilliseconds(100), ForbiddenBackoff = TimeSpan.FromMilliseconds(300) }, status: Fixed, leadsIn: ns);
        await Wait.UntilAsync(() => Task.FromResult(controller.Statuses.Of("forbidden") > 1), "the write is forbidden and retried", controller.Log.ToString);
        var warning = Assert.Single(controller.Log.Lines, line => line.Level >= LogLevel.Warning && line.Text.Contains("may not be written", StringComparison.Ordinal)).Text;
        Assert.Contains($"the status of Ingresses in namespace {ns} may not be written: ingresses.networking.k8s.io \"i\" is forbidden: ", warning, StringComparison.Ordinal);
        Assert.Contains("; grant the verb patch on ingresses/status", warning, StringComparison.Ordinal);

        await cluster.Client.ApplyAsync(Manifests.GrantStatus(Account));
        await UntilStatusAsync(ns, "i", "203.0.113.9", controller);
        await cluster.Client.DeleteAsync(Manifests.GrantStatus(Account));
        await cluster.Client.DeleteAsync(Manifests.GrantLeadership(Account));
    }

    [ClusterFact]
    public async Task Many_new_Ingresses_are_each_written_once_in_a_bounded_time()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("STATUS_INGRESSES"), out var given) ? given : 150;
        var ns = await cluster.NewNamespaceWithServicesAsync();
        for (var i = 0; i < count; i++)
            await cluster.Client.ApplyAsync(Manifests.Ingress($"i-{i}", $"many-{i}.status.example", "a"), ns);
        await using var controller = await RunningController.StartAsync(cluster.Server, namespaces: [ns], status: Fixed, leadsIn: ns);
        var start = Stopwatch.GetTimestamp();
        while (controller.Statuses.Of("written") < count)
        {
            Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10 + (count / 20));
            await Task.Delay(20);
        }

        output.WriteLine($"{count} Ingresses have their status after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
        await Wait.UntilAsync(() => Task.FromResult(controller.Statuses.Pending == 0), "no write is pending", controller.Log.ToString);
        Assert.Equal(count, controller.Statuses.Of("written"));
        Assert.Equal(0, controller.Statuses.Of("conflict") + controller.Statuses.Of("failed") + controller.Statuses.Of("throttled"));
        Assert.DoesNotContain(controller.Log.Lines, line => line.Level >= LogLevel.Warning);
    }

    private Task UntilStatusAsync(string ns, string name, string status, RunningController controller) => Wait.UntilAsync(
        async () => await StatusAsync(ns, name) == status, $"{name} shows {(status.Length > 0 ? status : "nothing")}", controller.Log.ToString);

    private async Task<string> StatusAsync(string ns, string name)
    {
        var entries = (await GetAsync(ns, name))["status"]?["loadBalancer"]?["ingress"]?.AsArray() ?? [];
        return string.Join(" ", entries.Select(entry => $"{entry!["ip"] ?? entry["hostname"]}"));
    }

    private async Task<string> VersionAsync(string ns, string name) => (await GetAsync(ns, name))["metadata"]!["resourceVersion"]!.GetValue<string>();

    private async Task<string?> ManagerAsync(string ns, string name) => (await GetAsync(ns, name))["metadata"]!["managedFields"]!.AsArray()
        .SingleOrDefault(entry => entry!["fieldsV1"]?["f:status"]?["f:loadBalancer"]?["f:ingress"] is not null)?["manager"]?.GetValue<string>();

    private async Task<string[]> VersionsAsync(string ns)
    {
        var list = await cluster.Client.Http.GetFromJsonAsync<JsonObject>($"/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses");
        return [.. list!["items"]!.AsArray().Select(item => item!["metadata"]!["resourceVersion"]!.GetValue<string>())];
    }

    private async Task<JsonObject> GetAsync(string ns, string name) => (await cluster.Client.Http.GetFromJsonAsync<JsonObject>(Path(ns, name)))!;

    private static string Path(string ns, string name) => $"/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/{name}";
}
