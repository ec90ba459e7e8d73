using System.Net;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Status;

/// <summary>Whatever the API server answers: the statuses are right in the end, one bad Ingress keeps no other back, and nobody is flooded.</summary>
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
    public async Task A_refusal_is_tried_again_later_and_later(int code, string reason, string result)
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            server.Upsert(StatusRun.Ingress("one"));
            server.Fail(IsWrite, code, reason, times: 4);
        });
        var start = run.Time.GetUtcNow();
        await run.UntilAsync(() => run.Metrics.Of("written") == 1);
        Assert.Equal([.. Enumerable.Repeat($"one {code}", 4), "one 200"], run.Writes);
        // 0.8, 1.6, 3.2 and 6.4 s, and up to as much again; the steps of the clock are added.
        Assert.InRange((run.Time.GetUtcNow() - start).TotalSeconds, 12, 60);
        Assert.Equal((4, 1), (run.Metrics.Of(result), run.Metrics.Of("written")));
        Assert.Equal(result == "failed" ? 1 : 0, run.Log.Lines.Count(line => line.StartsWith("the status of Ingress apps/one cannot be written", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(429, "TooManyRequests")]
    [InlineData(503, "ServiceUnavailable")]
    public async Task Whoever_asks_to_be_left_alone_is(int code, string reason)
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            for (var i = 0; i < 8; i++)
                server.Upsert(StatusRun.Ingress($"i-{i}"));
            server.Fail(IsWrite, code, reason, times: 4, retryAfterSeconds: 30);
        });
        // The clock moves while the four are answered, and the 30 s count from the first.
        var begun = run.Time.GetUtcNow();
        await run.UntilAsync(() => run.Writes.Length == 4);
        await run.PassAsync(begun.AddSeconds(28) - run.Time.GetUtcNow());
        Assert.Equal(4, run.Writes.Length);
        await run.UntilAsync(() => run.Metrics.Of("written") == 8);
        Assert.Equal(12, run.Writes.Length);
    }

    [Fact]
    public async Task One_that_fails_for_ever_keeps_no_other_back()
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
    public async Task One_that_hangs_keeps_no_other_back_and_is_given_up()
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
    public async Task An_answer_that_is_lost_after_the_write_makes_no_second_write()
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
    public async Task While_the_watch_lags_it_is_not_written_again()
    {
        await using var run = await StatusRun.StartAsync(server => server.Upsert(StatusRun.Ingress("one")), leads: false);
        run.Server.HangWatches("ingresses");
        run.Lead();
        await run.UntilStatusAsync("one", "203.0.113.9");
        // What changes elsewhere makes it look at all of them.
        for (var i = 0; i < 5; i++)
        {
            run.Server.Upsert($"{{apiVersion: v1, kind: Service, metadata: {{name: s, namespace: apps}}, spec: {{ports: [{{port: {80 + i}}}]}}}}");
            await run.PassAsync(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(["one 200"], run.Writes);
    }

    [Fact]
    public async Task An_Ingress_that_is_gone_is_no_trouble()
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
    public async Task One_that_was_given_away_unseen_is_not_written()
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
    public async Task Without_the_grant_it_says_once_what_to_grant_and_tries_now_and_then()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            for (var i = 0; i < 20; i++)
                server.Upsert(StatusRun.Ingress($"i-{i}"));
            server.Fail(IsWrite, 403, "Forbidden", times: int.MaxValue, message: "User \"x\" cannot patch resource \"ingresses/status\"");
        });
        await run.UntilAsync(() => run.Metrics.Of("forbidden") > 0);
        await run.PassAsync(TimeSpan.FromMinutes(2));
        // Each time as many as write at once.
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
    public async Task A_status_the_server_will_not_have_is_said_once_and_not_tried_again_before_something_changes(int code, string reason, string message)
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
        Assert.Contains(message, Assert.Single(run.Log.Lines, line => line.Contains("refuses to write [203.0.113.9] into the status of Ingress apps/bad", StringComparison.Ordinal)), StringComparison.Ordinal);

        run.Server.Upsert(StatusRun.Ingress("bad").Replace("bad.example", "better.example", StringComparison.Ordinal));
        await run.UntilStatusAsync("bad", "203.0.113.9");
    }

    [Fact]
    public async Task Nothing_is_written_after_the_lease_is_lost_and_the_next_leadership_goes_on()
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
    public async Task A_server_that_is_away_is_caught_up_with()
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
    public async Task Many_are_written_in_a_burst_and_then_fifty_a_second()
    {
        await using var run = await StatusRun.StartAsync(server =>
        {
            for (var i = 0; i < 300; i++)
                server.Upsert(StatusRun.Ingress($"i-{i}"));
        }, leads: false);
        var start = run.Time.GetUtcNow();
        run.Lead();
        await run.UntilAsync(() => run.Metrics.Of("written") == 300);
        // At least: the clock of the test runs on while a busy machine sends them.
        Assert.True((run.Time.GetUtcNow() - start).TotalSeconds >= 3.9, "300 are written faster than allowed");
        await run.UntilAsync(() => run.Metrics.Pending == 0);
        Assert.Equal(300, run.Writes.Length);
        Assert.All(run.Writes, write => Assert.EndsWith($" {(int)HttpStatusCode.OK}", write, StringComparison.Ordinal));
    }
}
