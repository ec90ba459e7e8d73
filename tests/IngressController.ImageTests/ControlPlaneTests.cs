using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;
using IngressController.ImageTests.Fixture;

namespace IngressController.ImageTests;

/// <summary>The image with a real API server, and only the arguments and permissions of the chart.</summary>
public sealed class ControlPlaneTests(ContainerCluster cluster) : IClassFixture<ContainerCluster>, IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => cluster.EnsureRunningAsync();

    [ControlPlaneFact]
    public async Task Traffic_follows_Ingresses_and_EndpointSlices()
    {
        const string Url = "http://follows.example/";
        var ns = await cluster.NewNamespaceAsync("a");
        Assert.Equal("404", await cluster.AnswerAsync(Url));

        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "follows.example", "web"), ns);
        await cluster.UntilAnsweredByAsync(Url, "a");
        await cluster.SetBackendAsync(ns, "b");
        await cluster.UntilAnsweredByAsync(Url, "b");
        await cluster.Client.DeleteAsync(Manifests.Ingress("i", "follows.example", "web"), ns);
        await cluster.UntilAnsweredByAsync(Url, "404");
    }

    [ControlPlaneFact]
    public async Task Traffic_continues_without_the_API_server_and_follows_changes_afterwards()
    {
        const string Url = "http://away.example/";
        var ns = await cluster.NewNamespaceAsync("a");
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "away.example", "web"), ns);
        await cluster.UntilAnsweredByAsync(Url, "a");

        await cluster.ControlPlane.KillApiServerAsync();
        await Wait.UntilAsync(
            async () => (await cluster.Controller.LogAsync()).Contains("cannot watch", StringComparison.Ordinal), "the outage is logged");
        for (var i = 0; i < 50; i++)
            Assert.Equal("a", await cluster.AnswerAsync(Url));

        await cluster.ControlPlane.StartApiServerAsync();
        await cluster.SetBackendAsync(ns, "b");
        await cluster.UntilAnsweredByAsync(Url, "b");
        Assert.DoesNotMatch("(fail|crit): ", await cluster.Controller.LogAsync());
    }

    [ControlPlaneFact]
    public async Task The_status_has_the_published_addresses_and_a_problem_is_an_Event()
    {
        var ns = await cluster.NewNamespaceAsync("a");
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "status.example", "web"), ns);
        await cluster.Client.ApplyAsync(Manifests.FaultyIngress("faulty", "faulty.example", "web"), ns);

        await UntilAsync($"/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/i",
            ingress => Texts(ingress["status"]?["loadBalancer"]?["ingress"], "ip", "hostname").SequenceEqual(["192.0.2.10", "edge.example.com"]));
        await UntilAsync($"/apis/events.k8s.io/v1/namespaces/{ns}/events",
            events => Texts(events["items"], "note").Contains(Manifests.Fault));
    }

    private async Task UntilAsync(string path, Func<JsonNode, bool> condition)
    {
        JsonNode? last = null;
        await Wait.UntilAsync(async () => condition(last = (await cluster.Client.Http.GetFromJsonAsync<JsonNode>(path))!), path, () => $"{last}");
    }

    /// <summary>Returns the first of some fields of each item.</summary>
    private static IEnumerable<string> Texts(JsonNode? items, params string[] fields) =>
        items?.AsArray().Select(item => fields.Select(field => item![field]?.GetValue<string>()).First(text => text is not null)!) ?? [];
}
