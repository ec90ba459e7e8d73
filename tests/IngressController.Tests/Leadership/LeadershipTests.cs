using System.Text.Json.Nodes;
using IngressController.Configuration;
using IngressController.Tests.FullStack;

namespace IngressController.Tests.Leadership;

/// <summary>The leader election of a complete controller.</summary>
public sealed class LeadershipTests
{
    private const string Resource = "coordination.k8s.io/leases";

    private static readonly LeaderElectionOptions Fast = new() { RetryPeriod = TimeSpan.FromMilliseconds(20), RenewDeadline = TimeSpan.FromSeconds(10) };

    [Fact]
    public async Task Ready_replica_leads_and_releases_the_lease_at_shutdown()
    {
        await using var stack = await TestStack.CreateAsync();
        stack.Server.ForbiddenResources = ["ingresses"];
        (stack.PodNamespace, stack.Election) = ("ingress", Fast);
        await stack.StartControllerAsync();
        await stack.UntilLoggedAsync("cannot watch ingresses.networking.k8s.io", times: 3);
        Assert.Null(Stored());
        var leader = JsonNode.Parse(await stack.AdminAsync("/api/leader"))!;
        Assert.Equal((null, false, "the election has not begun"), (leader["leader"]?.ToString(), leader["isLeader"]!.GetValue<bool>(), leader["note"]?.ToString()));
        Assert.Contains("\nyarp_ingress_leader 0\n", await stack.AdminAsync("/metrics"), StringComparison.Ordinal);

        stack.Server.ForbiddenResources = [];
        await stack.UntilReadyAsync();
        await stack.UntilLoggedAsync("Information: started leading: holds the Lease ingress/yarp-ingress-leader");
        var holder = Stored()!["spec"]!["holderIdentity"]!.ToString();
        Assert.StartsWith($"{Environment.MachineName}_", holder, StringComparison.Ordinal);
        // The log line comes a moment before the leader tasks begin.
        await stack.UntilAsync(async () =>
            (leader = JsonNode.Parse(await stack.AdminAsync("/api/leader"))!)["isLeader"]!.GetValue<bool>() ? null : "it does not lead");
        Assert.Equal((holder, holder, true, null), (leader["identity"]!.ToString(), leader["leader"]!.ToString(), leader["isLeader"]!.GetValue<bool>(), leader["note"]));
        var metrics = await stack.AdminAsync("/metrics");
        foreach (var line in (string[])["yarp_ingress_leader 1", "yarp_ingress_leader_terms_total 1", "yarp_ingress_lease_failures_total 0"])
            Assert.Contains($"\n{line}\n", metrics, StringComparison.Ordinal);

        await stack.StopControllerAsync();
        Assert.Equal("", Stored()!["spec"]!["holderIdentity"]!.ToString());
        Assert.Contains("stopped leading: this process is shutting down", stack.Log.Lines);

        JsonObject? Stored() => stack.Server.Find(Resource, "ingress", "yarp-ingress-leader");
    }

    [Fact]
    public async Task Replica_without_the_permission_serves_and_logs_once_what_to_grant()
    {
        await using var stack = await TestStack.CreateAsync();
        stack.Server.ForbiddenResources = ["leases"];
        (stack.PodNamespace, stack.Election) = ("ingress", Fast);
        await stack.StartControllerAsync();
        await stack.UntilReadyAsync();
        await stack.UntilLoggedAsync("Warning: cannot get or acquire the Lease ingress/yarp-ingress-leader: forbidden: ");
        var warning = Assert.Single(stack.Log.Lines, line => line.Contains("Lease", StringComparison.Ordinal));
        Assert.Contains("; grant the verbs get, create and patch on leases.coordination.k8s.io in namespace ingress; next attempt in ", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, true, "POD_NAMESPACE is not set, and this is not a Pod; set it to the namespace of the Lease to take part in the leader election")]
    [InlineData("ingress", false, "--leader-elect is false")]
    public async Task Replica_that_does_not_take_part_logs_the_reason(string? podNamespace, bool enabled, string reason)
    {
        await using var stack = await TestStack.CreateAsync();
        (stack.PodNamespace, stack.Election) = (podNamespace, Fast with { Enabled = enabled });
        await stack.StartControllerAsync();
        await stack.UntilReadyAsync();
        Assert.Single(stack.Log.Lines, line => line == $"status and Events are not written: {reason}");
        Assert.Equal(reason, JsonNode.Parse(await stack.AdminAsync("/api/leader"))!["note"]!.ToString());
        Assert.DoesNotContain(stack.Server.Requests, request => request.Resource == "leases");
    }

    /// <summary>An API server that hangs must not delay the shutdown for longer than the timeout of one request.</summary>
    [Fact]
    public async Task Replica_shuts_down_while_the_API_server_does_not_answer()
    {
        await using var stack = await TestStack.CreateAsync();
        (stack.PodNamespace, stack.Election) = ("ingress", Fast with { RenewDeadline = TimeSpan.FromSeconds(1) });
        await stack.StartControllerAsync();
        await stack.UntilLoggedAsync("started leading");
        var never = new TaskCompletionSource();
        stack.Server.Hold(request => request.Resource == "leases", never.Task, times: int.MaxValue);
        await stack.UntilLoggedAsync("stopped leading: the lease could not be renewed for 1 s");
        await stack.StopControllerAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Contains("cannot release the Lease ingress/yarp-ingress-leader: no answer within 0.5 s", stack.Log.ToString(), StringComparison.Ordinal);
        never.SetResult();
    }
}
