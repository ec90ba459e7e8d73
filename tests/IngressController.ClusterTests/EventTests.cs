using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;

namespace IngressController.ClusterTests;

/// <summary>The Events that kubectl describe shows for an invalid Ingress, with only the permissions to create and patch Events.</summary>
[Collection(ClusterCollection.Name)]
public sealed class EventTests(ClusterFixture cluster)
{
    [ClusterFact]
    public async Task Events_report_a_problem_and_its_fix_without_duplicates_after_a_restart()
    {
        await cluster.Client.ApplyAsync(Manifests.GrantLeadership("controller"));
        var ns = await cluster.NewNamespaceWithServicesAsync();
        string uid;
        JsonNode first;
        await using (var controller = await RunningController.StartAsync(cluster.Server, leadsIn: ns))
        {
            var start = Stopwatch.GetTimestamp();
            await cluster.Client.ApplyAsync(Manifests.FaultyIngress("web", "events.example", "a"), ns);
            uid = (await cluster.Client.Http.GetFromJsonAsync<JsonNode>($"/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/web"))!["metadata"]!["uid"]!.ToString();
            await UntilAsync(ns, uid, events => events.Length == 1, controller);
            Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));

            first = (await DescribeAsync(ns, uid))[0]!;
            Assert.Equal(("AnnotationInvalid", "Warning", "yarp.ingress.kubernetes.io/controller"), (Text(first, "reason"), Text(first, "type"), Text(first, "reportingComponent")));
            Assert.Equal(Manifests.Fault, Text(first, "message"));

            await cluster.Client.ApplyAsync(Manifests.Ingress("web", "events.example", "a"), ns);
            await UntilAsync(ns, uid, events => events.Any(item => Text(item, "reason") == "Resolved"), controller);

            // It is invalid again: the previous Event continues, ten seconds after its last write.
            await cluster.Client.ApplyAsync(Manifests.FaultyIngress("web", "events.example", "a"), ns);
            await UntilAsync(ns, uid, events => events.Any(item => item?["series"]?["count"]?.GetValue<int>() == 2), controller);
            Assert.Equal(["AnnotationInvalid", "Resolved"], (await DescribeAsync(ns, uid)).Select(item => Text(item, "reason")).Order(StringComparer.Ordinal));
        }

        await using var next = await RunningController.StartAsync(cluster.Server, leadsIn: ns);
        // The new leader reports new problems after it has checked the existing ones.
        await cluster.Client.ApplyAsync(Manifests.FaultyIngress("new", "new.events.example", "a"), ns);
        await Wait.UntilAsync(async () => (await EventsAsync(ns, "involvedObject.name=new")).Length == 1, "the second Ingress has its Event", next.Log.ToString);
        var kept = Assert.Single(await DescribeAsync(ns, uid), item => Text(item, "reason") == "AnnotationInvalid");
        Assert.Equal((Text(first["metadata"], "name"), "2"), (Text(kept!["metadata"], "name"), Text(kept["series"], "count")));
        Assert.DoesNotContain(next.Log.Lines, line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Warning);
    }

    [ClusterFact]
    public async Task Without_permission_to_write_Events_the_log_names_it_once_and_traffic_continues()
    {
        const string Account = "restricted";
        await cluster.Client.ApplyAsync(Manifests.Grant(Account, Manifests.ControllerRules));
        await cluster.Client.ApplyAsync(Manifests.GrantLeadership(Account, withEvents: false));
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await using var controller = await RunningController.StartAsync(cluster.Server, Account, leadsIn: ns);
        await cluster.Client.ApplyAsync(Manifests.FaultyIngress("one", "one.forbidden-events.example", "a"), ns);
        await cluster.Client.ApplyAsync(Manifests.FaultyIngress("two", "two.forbidden-events.example", "a"), ns);
        await Wait.UntilAsync(
            async () => (await controller.Admin.GetStringAsync("/metrics")).Split('\n').Any(line => line.StartsWith("yarp_ingress_events_dropped_total ", StringComparison.Ordinal) && line[^1] > '1'),
            "both are dropped", controller.Log.ToString);
        var warning = Assert.Single(controller.Log.Lines, line => line.Text.StartsWith("Events cannot be written", StringComparison.Ordinal)).Text;
        Assert.Contains("; grant the verbs create and patch on events.events.k8s.io there, or set --emit-events=false", warning, StringComparison.Ordinal);
        await cluster.Client.ApplyAsync(Manifests.Ingress("three", "three.forbidden-events.example", "a"), ns);
        await controller.UntilAnswerAsync("http://three.forbidden-events.example/", "200 a");
    }

    /// <summary>Lists Events as kubectl describe does.</summary>
    private Task<JsonNode?[]> DescribeAsync(string ns, string uid) =>
        EventsAsync(ns, $"involvedObject.name=web,involvedObject.namespace={ns},involvedObject.kind=Ingress,involvedObject.uid={uid}");

    private async Task<JsonNode?[]> EventsAsync(string ns, string selector) =>
        [.. (await cluster.Client.Http.GetFromJsonAsync<JsonNode>($"/api/v1/namespaces/{ns}/events?fieldSelector={selector}"))!["items"]!.AsArray()];

    private Task UntilAsync(string ns, string uid, Func<JsonNode?[], bool> condition, RunningController controller) =>
        Wait.UntilAsync(async () => condition(await DescribeAsync(ns, uid)), "the Events are as expected", controller.Log.ToString);

    private static string? Text(JsonNode? node, string field) => node?[field]?.ToString();
}
