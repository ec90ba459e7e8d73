using IngressController.Configuration;
using IngressController.Pipeline;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Status;

namespace IngressController.Tests.Status;

/// <summary>The leader writes the status of our Ingresses: once each, only what differs, and nothing at rest.</summary>
public sealed class StatusWriterTests
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private static readonly ResourceName Proxy = new("ingress", "proxy");

    [Fact]
    public async Task Each_Ingress_of_ours_is_written_once_and_then_it_is_quiet()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("one"));
            server.Upsert(StatusRun.Ingress("two"));
            server.Upsert(StatusRun.Ingress("theirs", "other"));
        });
        await run.UntilStatusAsync("one", "203.0.113.9");
        await run.UntilStatusAsync("two", "203.0.113.9");
        await run.PassAsync(Rest);
        Assert.Equal(["one 200", "two 200"], run.Writes.Order());
        Assert.Equal("", run.StatusOf("theirs"));
        Assert.All(run.Server.Requests.Where(request => request.Method == "PATCH"), request => Assert.Equal("yarp-ingress-controller", request.Query["fieldManager"]));
        Assert.Equal((2, 0), (run.Metrics.Of("written"), run.Metrics.Pending));
        Assert.Equal(run.Log.Lines, run.Log.Lines.Where(line => line.StartsWith("ready", StringComparison.Ordinal)));

        run.Server.Upsert(StatusRun.Ingress("three"));
        await run.UntilStatusAsync("three", "203.0.113.9");
        await run.PassAsync(Rest);
        Assert.Equal(3, run.Writes.Length);
    }

    [Fact]
    public async Task A_status_that_was_written_makes_no_revision_and_is_not_held_twice()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")), leads: false);
        await run.PassAsync(TimeSpan.FromSeconds(1));
        var (before, live) = (run.Revisions.Revision, run.Live.Current.Translation);
        run.Lead();
        await run.UntilAsync(() => run.Store.Snapshot.Ingresses[new("apps", "one")].Status?.LoadBalancer?.Ingress is { Count: 1 });
        await run.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(before, run.Revisions.Revision);
        Assert.Same(live, run.Live.Current.Translation);
        Assert.Same(live.Snapshot.Ingresses[new("apps", "one")].Spec, run.Store.Snapshot.Ingresses[new("apps", "one")].Spec);

        // An annotation is a change as ever, though the server does not count it as one.
        run.Server.Upsert(StatusRun.Ingress("one", metadata: ", annotations: {a: b}"));
        await run.UntilAsync(() => run.Revisions.Revision == before + 1);
    }

    [Fact]
    public async Task The_status_follows_the_address_of_the_publish_Service()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")), Publish);
        await run.PassAsync(TimeSpan.FromSeconds(3));
        Assert.DoesNotContain("does not exist", run.Log.ToString(), StringComparison.Ordinal);
        await run.PassAsync(TimeSpan.FromSeconds(10));
        Assert.Single(run.Log.Lines, "the Service ingress/proxy of --publish-service does not exist; the status of Ingresses stays as it is");

        run.Server.Upsert(StatusRun.PublishService("203.0.113.1"));
        await run.UntilStatusAsync("one", "203.0.113.1");
        run.Server.WriteStatus("Service", "ingress", "proxy", """[{"ip":"203.0.113.2"}]""", "cloud");
        await run.UntilStatusAsync("one", "203.0.113.2");

        // The load balancer is made anew: what clients have is left to them until its address is known.
        run.Server.WriteStatus("Service", "ingress", "proxy", "[]", "cloud");
        await run.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("203.0.113.2", run.StatusOf("one"));
        run.Server.Delete("Service", "ingress", "proxy");
        await run.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("203.0.113.2", run.StatusOf("one"));
        Assert.Equal(2, run.Writes.Length);
        Assert.Equal(2, run.Log.Lines.Count(line => line.Contains("does not exist", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_publish_Service_may_be_outside_of_what_is_watched_and_nothing_else_waits_for_it()
    {
        await using var run = await StatusRun.StartAsync(
            server =>
            {
                server.Upsert(StatusRun.Ingress("one"));
                server.Upsert(StatusRun.PublishService("203.0.113.1"));
                server.Fail(request => request.Query.GetValueOrDefault("fieldSelector") == "metadata.name=proxy", 403, "Forbidden", times: 2);
            },
            options => Publish(options) with { Source = options.Source with { WatchNamespaces = ["apps"] } });
        await run.UntilStatusAsync("one", "203.0.113.1");
    }

    [Fact]
    public async Task Without_any_address_nothing_is_written_and_one_line_says_what_to_set()
    {
        await using var run = await StatusRun.StartAsync(
            server => server.Upsert(StatusRun.Ingress("one")), options => options with { Status = new StatusOptions() });
        await run.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Empty(run.Writes);
        Assert.Single(run.Log.Lines, line => line.Contains("set --publish-service or --publish-status-address", StringComparison.Ordinal));
    }

    [Fact]
    public async Task In_the_hosts_network_the_nodes_of_the_replicas_are_shown()
    {
        await using var run = await StatusRun.StartAsync(
            server =>
            {
                server.Upsert(StatusRun.Ingress("one"));
                server.Upsert(Replicas("{nodeName: a, addresses: [10.0.0.1]}, {nodeName: b, addresses: [10.0.0.2]}"));
                server.Upsert("{apiVersion: v1, kind: Node, metadata: {name: a}, status: {addresses: [{type: ExternalIP, address: 203.0.113.1}]}}");
                server.Upsert("{apiVersion: v1, kind: Node, metadata: {name: b}, status: {addresses: [{type: InternalIP, address: 10.0.0.2}]}}");
                server.Fail(request => request.Resource == "nodes" && request.Name == "b", 500, "InternalError", times: 1);
            },
            options => options with { Status = new StatusOptions(), Translation = new TranslationSettings { ReplicasService = Proxy } });
        await run.UntilStatusAsync("one", "10.0.0.2 203.0.113.1");
        Assert.Equal(3, run.Server.Requests.Count(request => request.Resource == "nodes"));

        // A node's new address is seen when it is read again.
        run.Server.Upsert("{apiVersion: v1, kind: Node, metadata: {name: a}, status: {addresses: [{type: ExternalIP, address: 203.0.113.5}]}}");
        await run.PassAsync(NodeAddresses.Lifetime - TimeSpan.FromSeconds(30));
        Assert.Equal(3, run.Server.Requests.Count(request => request.Resource == "nodes"));
        await run.UntilStatusAsync("one", "10.0.0.2 203.0.113.5");

        run.Server.Upsert(Replicas("{nodeName: b, addresses: [10.0.0.2]}"));
        await run.UntilStatusAsync("one", "10.0.0.2");
    }

    [Fact]
    public async Task Nodes_that_may_not_be_read_are_asked_once_and_the_replicas_own_addresses_are_shown()
    {
        await using var run = await StatusRun.StartAsync(
            server =>
            {
                server.ForbiddenResources = ["nodes"];
                server.Upsert(StatusRun.Ingress("one"));
                server.Upsert(Replicas("{nodeName: a, addresses: [10.0.0.1]}, {nodeName: b, addresses: [10.0.0.2]}"));
            },
            options => options with { Status = new StatusOptions(), Translation = new TranslationSettings { ReplicasService = Proxy } });
        await run.UntilStatusAsync("one", "10.0.0.1 10.0.0.2");
        await run.PassAsync(Rest);
        Assert.Equal(2, run.Server.Requests.Count(request => request.Resource == "nodes"));
        Assert.EndsWith("; grant the verb get on nodes", Assert.Single(run.Log.Lines, line => line.Contains("nodes may not be read", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_Ingress_given_to_another_class_is_taken_back_unless_its_new_controller_wrote()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("given"));
            server.Upsert(StatusRun.Ingress("taken"));
        });
        await run.UntilStatusAsync("given", "203.0.113.9");
        await run.UntilStatusAsync("taken", "203.0.113.9");
        run.Server.HangWatches("ingresses");
        run.Server.Upsert(StatusRun.Ingress("given", "other"));
        run.Server.Upsert(StatusRun.Ingress("taken", "other"));
        run.Server.WriteStatus("Ingress", "apps", "taken", """[{"ip":"203.0.113.77"}]""", "other-controller");
        run.Server.EndWatches("ingresses");
        await run.UntilStatusAsync("given", "");
        await run.PassAsync(Rest);
        Assert.Equal("203.0.113.77", run.StatusOf("taken"));
        Assert.Equal(3, run.Writes.Length);
    }

    [Fact]
    public async Task A_class_that_is_made_anew_empties_nothing()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")));
        await run.UntilStatusAsync("one", "203.0.113.9");
        run.Step = TimeSpan.FromMilliseconds(20);
        var writes = run.Writes.Length;
        run.Server.Delete("IngressClass", null, "yarp");
        await run.UntilAsync(() => run.Metrics.Pending == 1);
        await run.PassAsync(StatusWriteHistory.ResetDelay / 10);
        run.Server.Upsert(StatusRun.OurClass);
        await run.UntilAsync(() => run.Metrics.Pending == 0);
        await run.PassAsync(StatusWriteHistory.ResetDelay * 2);
        Assert.Equal(writes, run.Writes.Length);

        // The patience begins anew, and ends.
        run.Server.Delete("IngressClass", null, "yarp");
        await run.UntilAsync(() => run.Metrics.Pending == 1);
        await run.PassAsync(StatusWriteHistory.ResetDelay / 2);
        Assert.Equal("203.0.113.9", run.StatusOf("one"));
        await run.UntilStatusAsync("one", "");
    }

    [Fact]
    public async Task A_new_controller_with_the_same_address_keeps_what_it_wrote()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            // As it wrote it, on an Ingress that was never ours, and as it wrote it again after us.
            server.Upsert(StatusRun.Ingress("theirs", "other"));
            server.WriteStatus("Ingress", "apps", "theirs", """[{"ip":"203.0.113.9"}]""", "other-controller");
            server.Upsert(StatusRun.Ingress("ours"));
        });
        await run.UntilStatusAsync("ours", "203.0.113.9");
        await run.PassAsync(Rest);
        Assert.Equal("203.0.113.9", run.StatusOf("theirs"));
        Assert.Single(run.Writes);
    }

    [Fact]
    public async Task A_new_leader_writes_nothing_where_all_is_right_and_takes_back_what_an_earlier_one_left()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("right"));
            server.WriteStatus("Ingress", "apps", "right", """[{"ip":"203.0.113.9"}]""", StatusPlan.FieldManager);
            server.Upsert(StatusRun.Ingress("left", "other"));
            server.WriteStatus("Ingress", "apps", "left", """[{"ip":"203.0.113.9"}]""", StatusPlan.FieldManager);
        });
        await run.UntilStatusAsync("left", "");
        await run.PassAsync(Rest);
        Assert.Equal(["left 200"], run.Writes);
    }

    [Fact]
    public async Task What_another_installation_of_this_controller_shows_stays_also_where_both_have_the_same_address()
    {
        const string OtherClass = """
            apiVersion: networking.k8s.io/v1
            kind: IngressClass
            metadata: {name: internal}
            spec: {controller: example.com/internal}
            """;
        await using var first = await StatusRun.StartAsync(server =>
        {
            server.Upsert(OtherClass);
            server.Upsert(StatusRun.Ingress("theirs", "internal"));
            server.Upsert(StatusRun.Ingress("ours"));
        });
        await using var second = await StatusRun.StartAsync(
            server =>
            {
                server.Upsert(OtherClass);
                server.Upsert(StatusRun.Ingress("theirs", "internal"));
                server.Upsert(StatusRun.Ingress("left"));
            },
            options => options with { Translation = new TranslationSettings { ControllerClass = "example.com/internal" } });
        await first.UntilStatusAsync("ours", "203.0.113.9");
        await second.UntilStatusAsync("theirs", "203.0.113.9");
        var manager = second.Server.Requests.Single(request => request.Method == "PATCH").Query["fieldManager"];
        Assert.InRange(manager.Length, 1, 128);

        first.Server.WriteStatus("Ingress", "apps", "theirs", """[{"ip":"203.0.113.9"}]""", manager);
        second.Server.WriteStatus("Ingress", "apps", "left", """[{"ip":"203.0.113.9"}]""", StatusPlan.FieldManager);
        await first.PassAsync(Rest);
        await second.PassAsync(Rest);
        Assert.Equal(("203.0.113.9", "203.0.113.9"), (first.StatusOf("theirs"), second.StatusOf("left")));

        // What it wrote itself, it takes back.
        second.Server.Upsert(StatusRun.Ingress("theirs", "other"));
        await second.UntilStatusAsync("theirs", "");
    }

    [Fact]
    public async Task An_address_that_changes_again_and_again_is_nobody_elses_write_and_never_late()
    {
        await using var run = await StatusRun.StartAsync(
            server =>
            {
                server.Upsert(StatusRun.Ingress("one"));
                server.Upsert(StatusRun.PublishService("203.0.113.1"));
            },
            Publish);
        run.Step = TimeSpan.FromMilliseconds(50);
        var changed = run.Time.GetUtcNow();
        for (var i = 1; i <= 12; i++)
        {
            changed = run.Time.GetUtcNow();
            run.Server.Upsert(StatusRun.PublishService($"203.0.113.{i}"));
            await run.UntilStatusAsync("one", $"203.0.113.{i}");
        }

        // Nor does it make the last one late: waits that grew with each write were at 30 s and more by now.
        Assert.InRange(run.Time.GetUtcNow() - changed, TimeSpan.Zero, TimeSpan.FromSeconds(25));
        Assert.DoesNotContain(run.Log.Lines, line => line.Contains("somebody else keeps writing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_status_that_somebody_changes_is_put_right()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")));
        await run.UntilStatusAsync("one", "203.0.113.9");
        // Nothing else makes it look by then.
        await run.PassAsync(Rest);
        run.Server.WriteStatus("Ingress", "apps", "one", """[{"ip":"203.0.113.66"}]""", "somebody");
        await run.UntilStatusAsync("one", "203.0.113.9");
        await run.PassAsync(Rest);
        Assert.Equal(2, run.Writes.Length);
    }

    [Fact]
    public async Task Two_who_write_the_same_status_do_not_do_it_as_fast_as_they_can()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")));
        for (var end = run.Time.GetUtcNow() + TimeSpan.FromMinutes(2); run.Time.GetUtcNow() < end;)
        {
            if (run.StatusOf("one") == "203.0.113.9")
                run.Server.WriteStatus("Ingress", "apps", "one", """[{"ip":"203.0.113.66"}]""", "somebody");
            await run.PassAsync(TimeSpan.FromMilliseconds(200));
        }

        Assert.InRange(run.Writes.Length, 6, 15);
        Assert.Single(run.Log.Lines, line => line.StartsWith("somebody else keeps writing the status of Ingress apps/one", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, "", 0, "")]
    [InlineData(true, "{targetRef: {kind: Pod, name: this-pod}, addresses: [10.0.0.1]}", 0, "")]
    [InlineData(true, "{targetRef: {kind: Pod, name: other}, addresses: [10.0.0.2], conditions: {ready: false}}", 0, "")]
    [InlineData(true, "{targetRef: {kind: Pod, name: other}, addresses: [10.0.0.2]}", 2, "203.0.113.9")]
    [InlineData(true, "{addresses: [10.0.0.2]}", 2, "203.0.113.9")]
    [InlineData(false, "", 2, "203.0.113.9")]
    public async Task The_last_replica_empties_what_is_ours_when_it_is_told_to(bool removes, string endpoints, int kept, string status)
    {
        await using var run = await StatusRun.StartAsync(
            server =>
            {
                server.Upsert(StatusRun.Ingress("one"));
                server.Upsert(StatusRun.Ingress("two"));
                server.Upsert(StatusRun.Ingress("theirs", "other"));
                server.WriteStatus("Ingress", "apps", "theirs", """[{"ip":"203.0.113.77"}]""", "other-controller");
                server.Upsert(Replicas(endpoints));
            },
            options => options with
            {
                Status = options.Status with { RemoveOnShutdown = removes },
                Translation = new TranslationSettings { ReplicasService = Proxy },
                Pod = new PodOptions { Name = "this-pod" },
            });
        await run.UntilRestAsync(written: 2);
        await run.LoseAsync();
        await run.FinishAsync();
        Assert.Equal((status, status, "203.0.113.77"), (run.StatusOf("one"), run.StatusOf("two"), run.StatusOf("theirs")));
        Assert.Equal(4 - kept, run.Writes.Length);
    }

    /// <summary>All replicas are told to end at once, as when it is uninstalled: the others look ready for another moment.</summary>
    [Theory]
    [InlineData(1, "")]
    [InlineData(30, "203.0.113.9")]
    public async Task Replicas_that_end_at_the_same_time_are_waited_for_a_moment(int endAfterSeconds, string status)
    {
        const string Other = "{targetRef: {kind: Pod, name: other}, addresses: [10.0.0.2], conditions: {ready: true}}";
        await using var run = await StatusRun.StartAsync(
            server =>
            {
                server.Upsert(StatusRun.Ingress("one"));
                server.Upsert(Replicas(Other));
            },
            options => options with
            {
                Status = options.Status with { RemoveOnShutdown = true },
                Translation = new TranslationSettings { ReplicasService = Proxy },
                Pod = new PodOptions { Name = "this-pod" },
            });
        await run.UntilRestAsync(written: 1);
        await run.LoseAsync();
        run.Step = TimeSpan.FromMilliseconds(20);
        var started = run.Time.GetUtcNow();
        var ends = false;
        await run.FinishAsync(passed =>
        {
            if (!ends && passed >= TimeSpan.FromSeconds(endAfterSeconds))
            {
                ends = true;
                run.Server.Upsert(Replicas(Other.Replace("ready: true", "ready: false, terminating: true", StringComparison.Ordinal)));
            }
        });
        Assert.Equal(status, run.StatusOf("one"));
        // A successor waits for the lease meanwhile.
        Assert.InRange(run.Time.GetUtcNow() - started, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Without_knowing_the_replicas_nothing_is_emptied_and_it_says_why()
    {
        await using var run = await StatusRun.StartAsync(
            server => server.Upsert(StatusRun.Ingress("one")), options => options with { Status = options.Status with { RemoveOnShutdown = true } });
        await run.UntilRestAsync(written: 1);
        await run.LoseAsync();
        await run.FinishAsync();
        Assert.Equal("203.0.113.9", run.StatusOf("one"));
        Assert.Single(run.Log.Lines, line => line.StartsWith("--update-status-on-shutdown has no effect without --replicas-service", StringComparison.Ordinal));
    }

    private static string Replicas(string endpoints) => $$"""
        {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: proxy-1, namespace: ingress, labels: {kubernetes.io/service-name: proxy} }, addressType: IPv4, endpoints: [{{endpoints}}]}
        """;

    private static IngressOptions Publish(IngressOptions options) => options with { Status = new StatusOptions { PublishService = Proxy } };
}
