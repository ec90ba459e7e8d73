using System.Text.Json.Nodes;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Leasing;
using IngressController.Tests.Fakes;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Leasing;

/// <summary>The requests of the elector over HTTP, and the responses of a server.</summary>
public sealed class LeaseOverHttpTests
{
    private const string Resource = "coordination.k8s.io/leases";

    private static readonly LeaderElectorOptions Fast = new()
    {
        Namespace = "ns",
        Name = "leader",
        Identity = "me",
        LeaseDuration = TimeSpan.FromSeconds(8),
        RenewDeadline = TimeSpan.FromSeconds(6),
        RetryPeriod = TimeSpan.FromMilliseconds(10),
        ForbiddenRetryPeriod = TimeSpan.FromMilliseconds(10),
    };

    [Fact]
    public async Task Other_fields_of_the_Lease_survive_acquisition_renewal_and_release()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Upsert("""
            apiVersion: coordination.k8s.io/v1
            kind: Lease
            metadata:
              name: leader
              namespace: ns
              labels: {app: yarp, "kubernetes.io/name": leader}
              annotations: {team: edge}
              finalizers: [example.com/keep]
              ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: yarp, uid: "1", controller: true}]
              managedFields: [{manager: helm, operation: Apply, apiVersion: coordination.k8s.io/v1, fieldsV1: {"f:spec": {}}}]
              generateName: lead
            spec: {strategy: OldestEmulationVersion, preferredHolder: "", later: {a: [1, 2.50, null]}, leaseTransitions: 41}
            later: {a: true}
            """);
        var before = server.Find(Resource, "ns", "leader")!;
        await using var run = Candidate.Start(server, Fast);
        await server.UntilAsync(_ => server.Writes.Count >= 3);
        await run.StopAsync();

        Assert.All(server.Writes, write => Assert.Equal("PATCH", write.Method));
        foreach (var after in server.Writes.Select(write => write.Object.DeepClone().AsObject()))
        {
            var spec = after["spec"]!.AsObject();
            foreach (var time in (string[])["acquireTime", "renewTime"])
                Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", spec[time]!.GetValue<string>());
            Assert.Equal(42, spec["leaseTransitions"]!.GetValue<int>());
            foreach (var field in (string[])["acquireTime", "renewTime", "leaseTransitions", "holderIdentity", "leaseDurationSeconds"])
                spec.Remove(field);
            var expected = before.DeepClone().AsObject();
            expected["spec"]!.AsObject().Remove("leaseTransitions");
            expected["metadata"]!["resourceVersion"] = after["metadata"]!["resourceVersion"]!.DeepClone();
            Assert.Equal(expected.ToJsonString(), Sorted(after, expected).ToJsonString());
        }

        var last = server.Find(Resource, "ns", "leader")!["spec"]!;
        Assert.Equal(("", 1), (last["holderIdentity"]!.GetValue<string>(), last["leaseDurationSeconds"]!.GetValue<int>()));
    }

    /// <summary>The garbage collector deletes a Lease whose owner is gone, so a Lease that someone else created keeps its owner.</summary>
    [Theory]
    [InlineData(false, "yarp")]
    [InlineData(true, null)]
    public async Task A_created_Lease_has_the_owner_and_an_existing_one_keeps_its_own(bool exists, string? expected)
    {
        await using var server = await FakeApiServer.CreateAsync();
        if (exists)
            server.Upsert("""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"leader","namespace":"ns"}}""");
        var owner = new V1OwnerReference { ApiVersion = "v1", Kind = "ServiceAccount", Name = "yarp", Uid = "1" };
        await using var run = Candidate.Start(server, Fast with { Owner = owner });
        await run.UntilLeaderAsync();
        await server.UntilAsync(_ => server.Writes.Count >= 2);

        Assert.Equal(expected, server.Find(Resource, "ns", "leader")!["metadata"]!["ownerReferences"]?[0]!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task No_response_of_a_server_ends_a_candidate()
    {
        await using var server = await FakeApiServer.CreateAsync();
        string[] answers =
        [
            "", "null", "[]", "<html>502</html>", "{", """{"metadata":{"name":"other"}}""", """{"metadata":{"name":"leader"},"spec":"none"}""",
            """{"metadata":{"name":"leader"},"spec":{"leaseDurationSeconds":"x"}}""", """{"metadata":{"name":"leader"},"spec":{"leaseTransitions":1e99}}""",
        ];
        foreach (var answer in answers)
            server.Intercept(_ => true, context => context.Response.WriteAsync(answer));
        foreach (var (code, reason) in ((int, string)[])[(401, "Unauthorized"), (403, "Forbidden"), (404, "NotFound"), (409, "Conflict"), (422, "Invalid"), (429, "TooManyRequests"), (500, "InternalError"), (504, "Timeout")])
            server.Fail(request => request.Method != "GET", code, reason);
        server.Intercept(_ => true, context =>
        {
            context.Abort();
            return Task.CompletedTask;
        }, times: 3);

        await using var run = Candidate.Start(server, Fast);
        await run.UntilLeaderAsync();
        Assert.True(run.Failures >= answers.Length + 3, $"{run.Failures}");
    }

    /// <summary>The times of other programs may have any value; only their change matters.</summary>
    [Fact]
    public async Task Unreadable_times_do_not_prevent_acquisition()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Upsert("""
            apiVersion: coordination.k8s.io/v1
            kind: Lease
            metadata: {name: leader, namespace: ns}
            spec: {holderIdentity: "", acquireTime: yesterday, renewTime: {a: 1}}
            """);
        await using var run = Candidate.Start(server, Fast);
        await run.UntilLeaderAsync();
        Assert.Equal("me", server.Find(Resource, "ns", "leader")!["spec"]!["holderIdentity"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_Lease_that_changes_between_read_and_write_is_not_acquired()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Upsert("""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"leader","namespace":"ns"}}""");
        var reached = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        server.Hold(request =>
        {
            if (request.Method == "PATCH")
                reached.TrySetResult();
            return request.Method == "PATCH";
        }, release.Task);
        await using var run = Candidate.Start(server, Fast);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(20));
        server.Upsert("""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"leader","namespace":"ns"},"spec":{"holderIdentity":"faster","leaseDurationSeconds":60}}""");
        release.SetResult();

        await run.UntilAsync(notice => notice is LeaderNotice.NewLeader { Leader: "faster" });
        Assert.Empty(server.Writes);
        Assert.Equal(0, run.Failures);
    }

    /// <summary>A connection may take long to open: only the moment at which the body is sent matters.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_write_whose_permission_ends_before_its_body_is_sent_is_not_carried_out(bool http2)
    {
        await using var server = await FakeApiServer.CreateAsync(https: http2);
        using var client = new ApiServerConnection(server.Configuration, TimeProvider.System);
        using var lost = new CancellationTokenSource();
        var asked = 0;
        var guarded = client.GuardedBy(() =>
        {
            if (++asked == 2)
                lost.Cancel();
            lost.Token.ThrowIfCancellationRequested();
        });
        var lease = new V1Lease { ApiVersion = "coordination.k8s.io/v1", Kind = "Lease", Metadata = new V1ObjectMeta { Name = "leader", NamespaceProperty = "ns" } };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => guarded.CoordinationV1.CreateNamespacedLeaseAsync(lease, "ns"));
        Assert.Equal(2, asked);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => guarded.CoordinationV1.CreateNamespacedLeaseAsync(lease, "ns"));
        Assert.Equal(3, asked);
        Assert.Empty(server.Writes);
        Assert.Null(await guarded.CoordinationV1.ReadNamespacedLeaseAsync("leader", "ns").IfFoundAsync("leader"));

        await client.Kubernetes.CoordinationV1.CreateNamespacedLeaseAsync(lease, "ns");
        Assert.Single(server.Writes);
        Assert.Equal(http2 ? "HTTP/2" : "HTTP/1.1", server.Requests[^1].Protocol);
    }

    /// <summary>Returns the object with its members in the order of another.</summary>
    private static JsonNode Sorted(JsonNode node, JsonNode like)
    {
        if (node is not JsonObject item || like is not JsonObject order)
            return node.DeepClone();
        var sorted = new JsonObject();
        foreach (var (name, value) in order.Where(member => item.ContainsKey(member.Key)).Concat(item.Where(member => !order.ContainsKey(member.Key))))
            sorted[name] = item[name] is { } own && value is not null ? Sorted(own, value) : null;
        return sorted;
    }

    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly System.Threading.Channels.Channel<LeaderNotice> _notices = System.Threading.Channels.Channel.CreateUnbounded<LeaderNotice>();
        private readonly ApiServerConnection _client;
        private readonly Task _run;
        private int _failures;

        private Candidate(FakeApiServer server, LeaderElectorOptions options)
        {
            _client = new ApiServerConnection(server.Configuration, TimeProvider.System);
            var elector = new LeaderElector(LeaseAccess.Of(_client.Kubernetes, options.Namespace, options.Name), options, TimeProvider.System, notice =>
            {
                if (notice is LeaderNotice.Failed)
                    Interlocked.Increment(ref _failures);
                _notices.Writer.TryWrite(notice);
            });
            _run = elector.RunAsync(async term =>
            {
                using var end = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, _stop.Token);
                await Task.Delay(Timeout.InfiniteTimeSpan, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return true;
            }, _stop.Token);
        }

        public int Failures => Volatile.Read(ref _failures);

        public static Candidate Start(FakeApiServer server, LeaderElectorOptions options) => new(server, options);

        public Task UntilLeaderAsync() => UntilAsync(notice => notice is LeaderNotice.StartedLeading);

        public async Task UntilAsync(Func<LeaderNotice, bool> condition)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while (!condition(await _notices.Reader.ReadAsync(limit.Token)))
                Assert.False(_run.IsCompleted);
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _run.WaitAsync(TimeSpan.FromSeconds(20));
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _client.Dispose();
            _stop.Dispose();
        }
    }
}
