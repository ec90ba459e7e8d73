using IngressController.Configuration;
using IngressController.Routing.Translation;
using IngressController.Status;

namespace IngressController.Tests.Status;

/// <summary>The leader writes the status of claimed Ingresses, once each and only if it differs.</summary>
public sealed class StatusWriterTests
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private static readonly ResourceName Proxy = new("ingress", "proxy");

    [Fact]
    public async Task Each_claimed_Ingress_is_written_once()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("one"));
            server.Upsert(StatusRun.Ingress("two"));
            server.Upsert(StatusRun.Ingress("unclaimed", "other"));
        });
        await run.UntilStatusAsync("one", "203.0.113.9");
        await run.UntilStatusAsync("two", "203.0.113.9");
        await run.PassAsync(Rest);
        Assert.Equal(["one 200", "two 200"], run.Writes.Order());
        Assert.Equal("", run.StatusOf("unclaimed"));
        Assert.All(run.Server.Requests.Where(request => request.Method == "PATCH"), request => Assert.Equal("yarp-ingress-controller", request.Query["fieldManager"]));
        Assert.Equal((2, 0), (run.Metrics.Of("written"), run.Metrics.Pending));
        Assert.Equal(run.Log.Lines, run.Log.Lines.Where(line => line.StartsWith("ready", StringComparison.Ordinal)));

        run.Server.Upsert(StatusRun.Ingress("three"));
        await run.UntilStatusAsync("three", "203.0.113.9");
        await run.PassAsync(Rest);
        Assert.Equal(3, run.Writes.Length);
    }

    [Fact]
    public async Task Status_only_update_makes_no_revision_and_shares_the_spec()
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

        // An annotation is a change, although the server does not count it in the generation.
        run.Server.Upsert(StatusRun.Ingress("one", metadata: ", annotations: {a: b}"));
        await run.UntilAsync(() => run.Revisions.Revision == before + 1);
    }

    [Fact]
    public async Task Status_follows_the_address_of_the_publish_Service()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")), Publish);
        await run.PassAsync(TimeSpan.FromSeconds(3));
        Assert.DoesNotContain("does not exist", run.Log.ToString(), StringComparison.Ordinal);
        await run.PassAsync(TimeSpan.FromSeconds(10));
        Assert.Single(run.Log.Lines, "the status of Ingresses stays unchanged: the Service ingress/proxy of --publish-service does not exist");

        run.Server.Upsert(StatusRun.PublishService("203.0.113.1"));
        await run.UntilStatusAsync("one", "203.0.113.1");
        run.Server.WriteStatus("Service", "ingress", "proxy", """[{"ip":"203.0.113.2"}]""", "cloud");
        await run.UntilStatusAsync("one", "203.0.113.2");

        // The load balancer is recreated: the status keeps the old address until the new one is known.
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
    public async Task Publish_Service_can_be_in_an_unwatched_namespace_and_delays_nothing()
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
    public async Task Missing_address_is_logged_once_and_nothing_is_written()
    {
        await using var run = await StatusRun.StartAsync(
            server => server.Upsert(StatusRun.Ingress("one")), options => options with { Status = new StatusOptions() });
        await run.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Empty(run.Writes);
        Assert.Single(run.Log.Lines, line => line.Contains("set --publish-service or --publish-status-address", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Status_shows_the_nodes_of_the_replicas_without_a_publish_Service()
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

        // The new address of a node is found when the node is read again.
        run.Server.Upsert("{apiVersion: v1, kind: Node, metadata: {name: a}, status: {addresses: [{type: ExternalIP, address: 203.0.113.5}]}}");
        await run.PassAsync(NodeAddresses.Lifetime - TimeSpan.FromSeconds(30));
        Assert.Equal(3, run.Server.Requests.Count(request => request.Resource == "nodes"));
        await run.UntilStatusAsync("one", "10.0.0.2 203.0.113.5");

        run.Server.Upsert(Replicas("{nodeName: b, addresses: [10.0.0.2]}"));
        await run.UntilStatusAsync("one", "10.0.0.2");
    }

    [Fact]
    public async Task Forbidden_nodes_are_read_once_and_the_addresses_of_the_Pods_are_shown()
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
    public async Task Status_of_an_Ingress_moved_to_another_class_is_reset_unless_its_new_controller_wrote()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("moved"));
            server.Upsert(StatusRun.Ingress("rewritten"));
        });
        await run.UntilStatusAsync("moved", "203.0.113.9");
        await run.UntilStatusAsync("rewritten", "203.0.113.9");
        run.Server.HangWatches("ingresses");
        run.Server.Upsert(StatusRun.Ingress("moved", "other"));
        run.Server.Upsert(StatusRun.Ingress("rewritten", "other"));
        run.Server.WriteStatus("Ingress", "apps", "rewritten", """[{"ip":"203.0.113.77"}]""", "other-controller");
        run.Server.EndWatches("ingresses");
        await run.UntilStatusAsync("moved", "");
        await run.PassAsync(Rest);
        Assert.Equal("203.0.113.77", run.StatusOf("rewritten"));
        Assert.Equal(3, run.Writes.Length);
    }

    [Fact]
    public async Task Recreated_class_causes_no_reset()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")));
        await run.UntilStatusAsync("one", "203.0.113.9");
        run.Step = TimeSpan.FromMilliseconds(20);
        var writes = run.Writes.Length;
        run.Server.Delete("IngressClass", null, "yarp");
        await run.UntilAsync(() => run.Metrics.Pending == 1);
        await run.PassAsync(StatusWriteHistory.ResetDelay / 10);
        run.Server.Upsert(StatusRun.IngressClass);
        await run.UntilAsync(() => run.Metrics.Pending == 0);
        await run.PassAsync(StatusWriteHistory.ResetDelay * 2);
        Assert.Equal(writes, run.Writes.Length);

        // The delay starts again and ends with a reset.
        run.Server.Delete("IngressClass", null, "yarp");
        await run.UntilAsync(() => run.Metrics.Pending == 1);
        await run.PassAsync(StatusWriteHistory.ResetDelay / 2);
        Assert.Equal("203.0.113.9", run.StatusOf("one"));
        await run.UntilStatusAsync("one", "");
    }

    [Fact]
    public async Task Status_of_another_controller_with_the_same_address_is_kept()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("unclaimed", "other"));
            server.WriteStatus("Ingress", "apps", "unclaimed", """[{"ip":"203.0.113.9"}]""", "other-controller");
            server.Upsert(StatusRun.Ingress("claimed"));
        });
        await run.UntilStatusAsync("claimed", "203.0.113.9");
        await run.PassAsync(Rest);
        Assert.Equal("203.0.113.9", run.StatusOf("unclaimed"));
        Assert.Single(run.Writes);
    }

    [Fact]
    public async Task New_leader_writes_only_differences_and_resets_what_an_earlier_leader_left()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("correct"));
            server.WriteStatus("Ingress", "apps", "correct", """[{"ip":"203.0.113.9"}]""", StatusPlan.FieldManager);
            server.Upsert(StatusRun.Ingress("left", "other"));
            server.WriteStatus("Ingress", "apps", "left", """[{"ip":"203.0.113.9"}]""", StatusPlan.FieldManager);
        });
        await run.UntilStatusAsync("left", "");
        await run.PassAsync(Rest);
        Assert.Equal(["left 200"], run.Writes);
    }

    [Fact]
    public async Task Status_of_another_installation_with_the_same_address_is_kept()
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
            server.Upsert(StatusRun.Ingress("of-second", "internal"));
            server.Upsert(StatusRun.Ingress("of-first"));
        });
        await using var second = await StatusRun.StartAsync(
            server =>
            {
                server.Upsert(OtherClass);
                server.Upsert(StatusRun.Ingress("of-second", "internal"));
                server.Upsert(StatusRun.Ingress("of-first"));
            },
            options => options with { Translation = new TranslationSettings { ControllerClass = "example.com/internal" } });
        await first.UntilStatusAsync("of-first", "203.0.113.9");
        await second.UntilStatusAsync("of-second", "203.0.113.9");
        var manager = second.Server.Requests.Single(request => request.Method == "PATCH").Query["fieldManager"];
        Assert.InRange(manager.Length, 1, 128);

        first.Server.WriteStatus("Ingress", "apps", "of-second", """[{"ip":"203.0.113.9"}]""", manager);
        second.Server.WriteStatus("Ingress", "apps", "of-first", """[{"ip":"203.0.113.9"}]""", StatusPlan.FieldManager);
        await first.PassAsync(Rest);
        await second.PassAsync(Rest);
        Assert.Equal(("203.0.113.9", "203.0.113.9"), (first.StatusOf("of-second"), second.StatusOf("of-first")));

        // A status that the second installation wrote itself is reset.
        second.Server.Upsert(StatusRun.Ingress("of-second", "other"));
        await second.UntilStatusAsync("of-second", "");
    }

    [Fact]
    public async Task Frequent_address_changes_are_not_contention_and_not_delayed()
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

        // The last change is not delayed either: a backoff that grew with each write would be 30 s or more by now.
        Assert.InRange(run.Time.GetUtcNow() - changed, TimeSpan.Zero, TimeSpan.FromSeconds(25));
        Assert.DoesNotContain(run.Log.Lines, line => line.Contains("another writer keeps changing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Status_changed_by_another_writer_is_restored()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")));
        await run.UntilStatusAsync("one", "203.0.113.9");
        // After this time no other change triggers a comparison.
        await run.PassAsync(Rest);
        run.Server.WriteStatus("Ingress", "apps", "one", """[{"ip":"203.0.113.66"}]""", "another-writer");
        await run.UntilStatusAsync("one", "203.0.113.9");
        await run.PassAsync(Rest);
        Assert.Equal(2, run.Writes.Length);
    }

    [Fact]
    public async Task Contention_with_another_writer_is_limited_and_logged()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")));
        for (var end = run.Time.GetUtcNow() + TimeSpan.FromMinutes(2); run.Time.GetUtcNow() < end;)
        {
            if (run.StatusOf("one") == "203.0.113.9")
                run.Server.WriteStatus("Ingress", "apps", "one", """[{"ip":"203.0.113.66"}]""", "another-writer");
            await run.PassAsync(TimeSpan.FromMilliseconds(200));
        }

        Assert.InRange(run.Writes.Length, 6, 15);
        Assert.Single(run.Log.Lines, line => line.StartsWith("another writer keeps changing the status of Ingress apps/one", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, "", 0, "")]
    [InlineData(true, "{targetRef: {kind: Pod, name: this-pod}, addresses: [10.0.0.1]}", 0, "")]
    [InlineData(true, "{targetRef: {kind: Pod, name: other}, addresses: [10.0.0.2], conditions: {ready: false}}", 0, "")]
    [InlineData(true, "{targetRef: {kind: Pod, name: other}, addresses: [10.0.0.2]}", 2, "203.0.113.9")]
    [InlineData(true, "{addresses: [10.0.0.2]}", 2, "203.0.113.9")]
    [InlineData(false, "", 2, "203.0.113.9")]
    public async Task Last_replica_resets_the_status_if_the_option_is_set(bool removes, string endpoints, int kept, string status)
    {
        await using var run = await StatusRun.StartAsync(
            server =>
            {
                server.Upsert(StatusRun.Ingress("one"));
                server.Upsert(StatusRun.Ingress("two"));
                server.Upsert(StatusRun.Ingress("unclaimed", "other"));
                server.WriteStatus("Ingress", "apps", "unclaimed", """[{"ip":"203.0.113.77"}]""", "other-controller");
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
        Assert.Equal((status, status, "203.0.113.77"), (run.StatusOf("one"), run.StatusOf("two"), run.StatusOf("unclaimed")));
        Assert.Equal(4 - kept, run.Writes.Length);
    }

    /// <summary>
    /// All replicas shut down at the same time, as when the installation is removed: the others appear ready for a moment.
    /// </summary>
    [Theory]
    [InlineData(1, "")]
    [InlineData(30, "203.0.113.9")]
    public async Task Reset_waits_for_replicas_that_shut_down_at_the_same_time(int endAfterSeconds, string status)
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
        var hasEnded = false;
        await run.FinishAsync(elapsed =>
        {
            if (!hasEnded && elapsed >= TimeSpan.FromSeconds(endAfterSeconds))
            {
                hasEnded = true;
                run.Server.Upsert(Replicas(Other.Replace("ready: true", "ready: false, terminating: true", StringComparison.Ordinal)));
            }
        });
        Assert.Equal(status, run.StatusOf("one"));
        // Limited, because another replica waits for the lease meanwhile.
        Assert.InRange(run.Time.GetUtcNow() - started, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Reset_without_a_replicas_Service_is_skipped_and_logged()
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
