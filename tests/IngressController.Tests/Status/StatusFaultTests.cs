using System.Net;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Status;

/// <summary>
/// Faults of the API server: every status is correct in the end, a failing Ingress does not delay others, and the server is not flooded.
/// </summary>
public sealed class StatusFaultTests
{
    private static bool IsWrite(FakeApiRequest request) => request.Method == "PATCH";

    private static bool IsWriteOf(FakeApiRequest request, string name) => IsWrite(request) && request.Name == name;

    [Theory]
    [InlineData(409, "Conflict", "conflict")]
    [InlineData(500, "InternalError", "failed")]
    [InlineData(503, "ServiceUnavailable", "failed")]
    [InlineData(504, "Timeout", "failed")]
    [InlineData(429, "TooManyRequests", "throttled")]
    public async Task Failed_write_is_retried_with_backoff(int code, string reason, string result)
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("one"));
            server.Fail(IsWrite, code, reason, times: 4);
        });
        var start = run.Time.GetUtcNow();
        await run.UntilAsync(() => run.Metrics.Of("written") == 1);
        Assert.Equal([.. Enumerable.Repeat($"one {code}", 4), "one 200"], run.Writes);
        // 0.8, 1.6, 3.2 and 6.4 s, each up to doubled, plus the steps of the clock.
        Assert.InRange((run.Time.GetUtcNow() - start).TotalSeconds, 12, 60);
        Assert.Equal((4, 1), (run.Metrics.Of(result), run.Metrics.Of("written")));
        Assert.Equal(result == "failed" ? 1 : 0, run.Log.Lines.Count(line => line.StartsWith("the status of Ingress apps/one cannot be written", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(429, "TooManyRequests")]
    [InlineData(503, "ServiceUnavailable")]
    public async Task Retry_After_of_the_server_is_respected(int code, string reason)
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            for (var i = 0; i < 8; i++)
                server.Upsert(StatusRun.Ingress($"i-{i}"));
            server.Fail(IsWrite, code, reason, times: 4, retryAfterSeconds: 30);
        });
        // The clock advances while the four requests are answered, and the 30 s begin with the first response.
        var start = run.Time.GetUtcNow();
        await run.UntilAsync(() => run.Writes.Length == 4);
        await run.PassAsync(start.AddSeconds(28) - run.Time.GetUtcNow());
        Assert.Equal(4, run.Writes.Length);
        await run.UntilAsync(() => run.Metrics.Of("written") == 8);
        Assert.Equal(12, run.Writes.Length);
    }

    [Fact]
    public async Task Permanently_failing_Ingress_does_not_delay_the_others()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("bad"));
            server.Fail(request => IsWriteOf(request, "bad"), 500, "InternalError", times: int.MaxValue);
            for (var i = 0; i < 20; i++)
                server.Upsert(StatusRun.Ingress($"i-{i}"));
        });
        await run.UntilAsync(() => run.Metrics.Of("written") == 20);
        await run.PassAsync(TimeSpan.FromMinutes(2));
        Assert.InRange(run.Metrics.Of("failed"), 3, 10);
        Assert.Equal(1, run.Metrics.Pending);
    }

    [Fact]
    public async Task Hanging_write_does_not_delay_the_others_and_times_out()
    {
        var never = new TaskCompletionSource();
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("bad"));
            server.Hold(request => IsWriteOf(request, "bad"), never.Task, times: 1);
            for (var i = 0; i < 20; i++)
                server.Upsert(StatusRun.Ingress($"i-{i}"));
        });
        await run.UntilAsync(() => run.Metrics.Of("written") == 20);
        await run.UntilStatusAsync("bad", "203.0.113.9");
        Assert.Equal(1, run.Metrics.Of("failed"));
        never.SetResult();
    }

    [Fact]
    public async Task Lost_response_of_a_successful_write_causes_no_second_write()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("one"));
            server.Intercept(IsWrite, context =>
            {
                server.WriteStatus("Ingress", "apps", "one", """[{"ip":"203.0.113.9"}]""", "yarp-ingress-controller");
                context.Abort();
                return Task.CompletedTask;
            });
        });
        await run.UntilAsync(() => run.Metrics.Of("failed") == 1);
        await run.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Single(run.Writes);
        Assert.Equal(0, run.Metrics.Pending);
    }

    [Fact]
    public async Task Lagging_watch_causes_no_second_write()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")), leads: false);
        run.Server.HangWatches("ingresses");
        run.Lead();
        await run.UntilStatusAsync("one", "203.0.113.9");
        // Any change makes the writer compare all Ingresses.
        for (var i = 0; i < 5; i++)
        {
            run.Server.Upsert($"{{apiVersion: v1, kind: Service, metadata: {{name: s, namespace: apps}}, spec: {{ports: [{{port: {80 + i}}}]}}}}");
            await run.PassAsync(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(["one 200"], run.Writes);
    }

    [Fact]
    public async Task Deleted_Ingress_is_no_failure()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")), leads: false);
        run.Server.HangWatches("ingresses");
        run.Server.Delete("Ingress", "apps", "one");
        run.Lead();
        await run.UntilAsync(() => run.Metrics.Of("gone") == 1);
        run.Server.EndWatches("ingresses");
        await run.UntilAsync(() => run.Metrics.Pending == 0);
        await run.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(["one 404"], run.Writes);
        Assert.DoesNotContain("cannot be written", run.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ingress_that_was_moved_to_another_class_unseen_is_not_written()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")), leads: false);
        run.Server.HangWatches("ingresses");
        run.Server.Upsert(StatusRun.Ingress("one", "other"));
        run.Lead();
        await run.UntilAsync(() => run.Metrics.Of("conflict") == 1);
        run.Server.EndWatches("ingresses");
        await run.UntilAsync(() => run.Metrics.Pending == 0);
        await run.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(("", "one 409"), (run.StatusOf("one"), Assert.Single(run.Writes)));
    }

    [Fact]
    public async Task Missing_permission_is_logged_once_and_writes_are_retried_rarely()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            for (var i = 0; i < 20; i++)
                server.Upsert(StatusRun.Ingress($"i-{i}"));
            server.Fail(IsWrite, 403, "Forbidden", times: int.MaxValue, message: "User \"x\" cannot patch resource \"ingresses/status\"");
        });
        await run.UntilAsync(() => run.Metrics.Of("forbidden") > 0);
        await run.PassAsync(TimeSpan.FromMinutes(2));
        // Each attempt is as many requests as there are writers.
        Assert.InRange(run.Writes.Length, 2, 16);
        Assert.Contains(
            "in namespace apps may not be written: User \"x\" cannot patch resource \"ingresses/status\"; grant the verb patch on ingresses/status",
            Assert.Single(run.Log.Lines, line => line.Contains("may not be written", StringComparison.Ordinal)), StringComparison.Ordinal);

        run.Server.Heal();
        await run.UntilAsync(() => run.Metrics.Of("written") == 20);
    }

    [Theory]
    [InlineData(422, "Invalid", "status.loadBalancer.ingress[0].ip: Invalid value")]
    [InlineData(400, "BadRequest", "what is this")]
    [InlineData(403, "Forbidden", "admission webhook \"policy.example\" denied the request: not today")]
    public async Task Rejected_status_is_logged_once_and_not_retried_until_a_change(int code, string reason, string message)
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("bad"));
            server.Upsert(StatusRun.Ingress("good"));
            server.Fail(request => IsWriteOf(request, "bad"), code, reason, times: 1, message: message);
        });
        await run.UntilStatusAsync("good", "203.0.113.9");
        await run.UntilAsync(() => run.Metrics.Of("refused") == 1);
        await run.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(2, run.Writes.Length);
        Assert.Contains(message, Assert.Single(run.Log.Lines, line => line.Contains("rejects [203.0.113.9] in the status of Ingress apps/bad", StringComparison.Ordinal)), StringComparison.Ordinal);

        run.Server.Upsert(StatusRun.Ingress("bad").Replace("bad.example", "better.example", StringComparison.Ordinal));
        await run.UntilStatusAsync("bad", "203.0.113.9");
    }

    [Fact]
    public async Task Nothing_is_written_after_the_lease_is_lost_and_the_next_term_continues()
    {
        var held = new TaskCompletionSource();
        await using var run = await StatusRun.StartAsync(server =>
        {
            for (var i = 0; i < 20; i++)
                server.Upsert(StatusRun.Ingress($"i-{i}"));
            server.Hold(IsWrite, held.Task, times: 4);
        });
        await run.UntilAsync(() => run.Writes.Length == 4);
        await run.LoseAsync();
        await run.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(4, run.Writes.Length);

        held.SetResult();
        run.Lead();
        await run.UntilAsync(() => Enumerable.Range(0, 20).All(i => run.StatusOf($"i-{i}") == "203.0.113.9"));
    }

    [Fact]
    public async Task Nothing_is_written_while_the_lease_is_not_held()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")), leads: false);
        run.HoldLease(false);
        run.Lead();
        await run.PassAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(run.Writes);
        run.HoldLease(true);
        await run.UntilStatusAsync("one", "203.0.113.9");
    }

    [Fact]
    public async Task Status_is_written_after_an_outage_of_the_server()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")), leads: false);
        await run.Server.StopAsync();
        run.Lead();
        await run.UntilAsync(() => run.Metrics.Of("failed") >= 2);
        await run.Server.StartAsync();
        await run.UntilStatusAsync("one", "203.0.113.9");
        Assert.Single(run.Log.Lines, line => line.StartsWith("the status of Ingress apps/one cannot be written", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Writes_come_in_a_burst_and_then_at_fifty_per_second()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            for (var i = 0; i < 300; i++)
                server.Upsert(StatusRun.Ingress($"i-{i}"));
        }, leads: false);
        var start = run.Time.GetUtcNow();
        run.Lead();
        await run.UntilAsync(() => run.Metrics.Of("written") == 300);
        // Only a minimum, because the test clock advances while a busy machine sends the requests.
        Assert.True((run.Time.GetUtcNow() - start).TotalSeconds >= 3.9, "300 are written faster than allowed");
        await run.UntilAsync(() => run.Metrics.Pending == 0);
        Assert.Equal(300, run.Writes.Length);
        Assert.All(run.Writes, write => Assert.EndsWith($" {(int)HttpStatusCode.OK}", write, StringComparison.Ordinal));
    }
}
