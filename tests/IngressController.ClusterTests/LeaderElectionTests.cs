using System.Diagnostics;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests.Shutdown;

namespace IngressController.ClusterTests;

/// <summary>Three replicas, of which one leads, through failures of replicas and the API server.</summary>
[Collection(ClusterCollection.Name)]
public sealed class LeaderElectionTests(ClusterFixture cluster) : IAsyncLifetime
{
    /// <summary>Extra time for processes that share few processors.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1.5);

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => cluster.EnsureRunningAsync();

    [ClusterFact]
    public async Task Another_replica_leads_after_a_kill_and_at_once_after_a_shutdown()
    {
        await using var replicas = await Replicas.StartAsync(cluster, await cluster.NewNamespaceWithServicesAsync());
        await using var churn = new IngressChurn(cluster.Client, replicas.Namespace);
        var first = await replicas.UntilLeaderAsync();
        Assert.Equal(1, await replicas.CountLeadersAsync());
        await replicas.UntilWroteStatusAsync(first);

        first.Kill();
        var start = Stopwatch.GetTimestamp();
        var second = await replicas.UntilLeaderAsync(except: first);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Replicas.LeaseDuration + Replicas.MaxPause + Slack);

        await replicas.UntilWroteStatusAsync(second);
        second.Terminate();
        start = Stopwatch.GetTimestamp();
        var third = await replicas.UntilLeaderAsync(first, second);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, Replicas.MaxPause + Slack);
        Assert.Equal(0, await second.WaitForExitAsync());
        Assert.Contains("stopped leading: this process is shutting down", second.Output, StringComparison.Ordinal);

        await replicas.UntilAllHaveStatusAsync(await churn.StopAsync());
        await replicas.RequireOneWriterAtATimeAsync();
        third.Terminate();
        Assert.Equal(0, await third.WaitForExitAsync());
        Assert.Equal("", (await replicas.WritesAsync())[^1].Holder);
        Assert.DoesNotContain("warn: ", $"{second.Output}{third.Output}", StringComparison.Ordinal);
    }

    [ClusterFact]
    public async Task A_leader_suspended_for_longer_than_the_lease_resumes_as_a_candidate()
    {
        await using var replicas = await Replicas.StartAsync(cluster, await cluster.NewNamespaceWithServicesAsync());
        await using var churn = new IngressChurn(cluster.Client, replicas.Namespace);
        var sleeper = await replicas.UntilLeaderAsync();
        await replicas.UntilWroteStatusAsync(sleeper);
        sleeper.Suspend();
        var start = Stopwatch.GetTimestamp();
        var leader = await replicas.UntilLeaderAsync(except: sleeper);
        var rest = (Replicas.LeaseDuration * 1.75) - Stopwatch.GetElapsedTime(start);
        await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero);

        sleeper.Resume();
        var resumed = DateTimeOffset.UtcNow;
        await Wait.UntilAsync(
            async () => (await sleeper.LeaderAsync())["leader"]?.ToString() is { } name && name.StartsWith($"{leader.Account}_", StringComparison.Ordinal),
            "it reports the new leader", () => sleeper.Output);
        Assert.False(await sleeper.IsLeaderAsync());
        Assert.True(await leader.IsLeaderAsync());
        await sleeper.UntilOutputAsync("stopped leading: the lease could not be renewed for 2.5 s");
        await replicas.UntilAllHaveStatusAsync(await churn.StopAsync());
        await replicas.RequireOneWriterAtATimeAsync();
        Assert.DoesNotContain(await replicas.WritesAsync(), write => write.User == sleeper.User && write.Received >= resumed);

        leader.Terminate();
        await replicas.UntilLeaderAsync(except: leader);
    }

    [ClusterFact]
    public async Task A_rolling_update_loses_no_request_and_no_status()
    {
        const string Host = "rolling.example";
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", Host, "a"), ns);
        await using var replicas = await Replicas.StartAsync(cluster, ns);
        await using var relay = new ReplicaRelay();
        foreach (var replica in replicas.All)
            await relay.AddAsync(replica.Ports);
        await using var churn = new IngressChurn(cluster.Client, ns);
        await using var kept = RestartLoad.KeepAlive(relay.HttpPort, clients: 4, Host);
        await using var fresh = RestartLoad.NewConnections(relay.HttpPort, clients: 4, Host);

        for (var i = 0; i < replicas.All.Length; i++)
        {
            using var old = await replicas.ReplaceAsync(i);
            await relay.AddAsync(replicas.All[i].Ports);
            old.Terminate();
            await relay.UntilGoneAsync(old.Ports);
            Assert.Equal(0, await old.WaitForExitAsync());
            Assert.Equal("", string.Join('\n', old.Output.Split('\n').Where(line => line.Contains("warn: ", StringComparison.Ordinal))));
        }

        await Task.WhenAll(kept.StopAsync(), fresh.StopAsync());
        Assert.All([kept, fresh], load => Assert.Equal(["200 a"], load.Answers.Keys));
        Assert.All([kept, fresh], load => Assert.True(load.Answers["200 a"] > 100, "the load is too small"));
        await replicas.UntilLeaderAsync();
        await replicas.UntilAllHaveStatusAsync(await churn.StopAsync());
        await replicas.RequireOneWriterAtATimeAsync();
    }

    [ClusterFact]
    public async Task While_the_API_server_rejects_writes_no_one_leads_traffic_continues_and_no_status_is_lost()
    {
        const string Host = "refused.example";
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", Host, "a"), ns);
        await using var replicas = await Replicas.StartAsync(cluster, ns);
        var leader = await replicas.UntilLeaderAsync();
        await replicas.UntilWroteStatusAsync(leader);
        await using var load = new Load(leader.Proxy, $"http://{Host}/", connections: 4);

        await cluster.Client.ApplyAsync(Manifests.RejectWrites);
        try
        {
            await leader.UntilOutputAsync("stopped leading: the lease could not be renewed for 2.5 s");
            Assert.Equal(0, await replicas.CountLeadersAsync());
            await cluster.Client.ApplyAsync(Manifests.Ingress("later", $"later.{Host}", "b"), ns);
            foreach (var replica in replicas.All)
                await replica.Proxy.UntilAnswerAsync($"http://later.{Host}/", "200 b", () => replica.Output);
        }
        finally
        {
            await cluster.Client.DeleteAsync(Manifests.RejectWrites);
        }

        await replicas.UntilLeaderAsync();
        await replicas.UntilAllHaveStatusAsync(2);
        await replicas.RequireOneWriterAtATimeAsync();
        var answers = await load.StopAsync();
        Assert.Equal(["200 a"], answers.Keys);
        Assert.True(answers["200 a"] > 100, $"{answers["200 a"]} requests are too small a load");
    }

    [ClusterFact]
    public async Task No_request_fails_and_one_replica_leads_after_a_crash_of_the_API_server_and_etcd()
    {
        const string Host = "etcd.example";
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", Host, "a"), ns);
        await using var replicas = await Replicas.StartAsync(cluster, ns);
        foreach (var replica in replicas.All)
            await replica.Proxy.UntilAnswerAsync($"http://{Host}/", "200 a", () => replica.Output);
        await using var load1 = new Load(replicas.All[0].Proxy, $"http://{Host}/", connections: 2);
        await using var load2 = new Load(replicas.All[1].Proxy, $"http://{Host}/", connections: 2);
        await using var load3 = new Load(replicas.All[2].Proxy, $"http://{Host}/", connections: 2);

        var leader = await replicas.UntilLeaderAsync();
        cluster.Server.Kill();
        await leader.UntilOutputAsync("stopped leading: the lease could not be renewed for 2.5 s");
        Assert.Equal(0, await replicas.CountLeadersAsync());
        await cluster.StartAsync();
        await replicas.UntilLeaderAsync();
        await replicas.RequireOneWriterAtATimeAsync();

        cluster.Server.Etcd.Kill();
        await Wait.UntilAsync(async () => await replicas.CountLeadersAsync() == 0, "no one leads without etcd");
        cluster.Server.Etcd.Start();
        await replicas.UntilLeaderAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("later", $"later.{Host}", "b"), ns);
        foreach (var replica in replicas.All)
            await replica.Proxy.UntilAnswerAsync($"http://later.{Host}/", "200 b", () => replica.Output);

        foreach (var load in (Load[])[load1, load2, load3])
        {
            var answers = await load.StopAsync();
            Assert.Equal(["200 a"], answers.Keys);
            Assert.True(answers["200 a"] > 100, $"{answers["200 a"]} requests are too small a load");
        }

        Assert.Equal(1, await replicas.CountLeadersAsync());
        await replicas.UntilAllHaveStatusAsync(2);
        await replicas.RequireOneWriterAtATimeAsync();
    }
}
