using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Watching;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Kubernetes;

public sealed class ReflectorFaultTests
{
    [Fact]
    public async Task A_watch_that_breaks_within_an_event_resumes_at_the_last_version()
    {
        await using var server = await FakeApiServer.CreateAsync();
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.UpsertService("one");
        await run.UntilNamesAsync("a/one");
        var version = server.ResourceVersion;
        server.CutWatches();
        await server.UntilAsync(_ => server.Watches == 2 && server.OpenWatches() == 1);
        server.UpsertService("two");
        await run.UntilNamesAsync("a/one a/two");

        Assert.Equal(1, server.Lists);
        Assert.Equal(version, server.Requests.Last().ResourceVersion);
        Assert.Contains(run.Notices.OfType<ReflectorNotice.Failed>(), failed => failed.Stage == ReflectorStage.Watch);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_expired_version_is_relisted_from_the_last_version(bool byStatusCode)
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.ExpiresByStatusCode = byStatusCode;
        server.UpsertService("one");
        var version = server.ResourceVersion;
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        await server.StopAsync();
        server.UpsertService("two");
        server.Compact();
        await server.StartAsync();
        await run.UntilNamesAsync("a/one a/two");

        Assert.Equal(["0", version], server.Requests.Where(request => request.IsList).Select(request => request.ResourceVersion));
        Assert.True(run.Has<ReflectorNotice.Relisting>());
    }

    [Fact]
    public async Task A_410_event_on_an_open_watch_relists()
    {
        await using var server = await FakeApiServer.CreateAsync();
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.FailWatches(410, "Expired");
        await server.UntilAsync(_ => server.Lists == 2 && server.OpenWatches() == 1);
    }

    [Fact]
    public async Task A_list_with_an_expired_version_asks_for_the_newest_state()
    {
        await using var server = await FakeApiServer.CreateAsync();
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.Fail(request => request.IsList, 410, "Expired");
        server.FailWatches(410, "Expired");
        await server.UntilAsync(_ => server.Lists == 3 && server.OpenWatches() == 1);
        Assert.Null(server.Requests.Last(request => request.IsList).ResourceVersion);
    }

    [Fact]
    public async Task A_server_restored_from_a_backup_is_relisted()
    {
        await using var server = await FakeApiServer.CreateAsync();
        for (var i = 0; i < 10; i++)
            server.UpsertService("one");
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        await server.StopAsync();
        server.Rewind(5);
        await server.StartAsync();
        await server.UntilAsync(_ => server.Lists == 3 && server.OpenWatches() == 1);
        server.UpsertService("two");
        await run.UntilNamesAsync("a/one a/two");
        Assert.Null(server.Requests.Last(request => request.IsList).ResourceVersion);
    }

    [Fact]
    public async Task A_watch_resumes_without_a_list_after_an_outage()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one");
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        await server.StopAsync();
        await run.UntilAsync(_ => run.Notices.OfType<ReflectorNotice.Failed>().Count() >= 3);
        Assert.Equal("a/one", run.Names);
        server.UpsertService("two");
        await server.StartAsync();
        await run.UntilNamesAsync("a/one a/two");
        Assert.Equal(1, server.Lists);
        Assert.Contains(run.Notices.OfType<ReflectorNotice.Failed>(), failed => failed.Message.Contains("cannot be reached"));
    }

    [Fact]
    public async Task Retry_After_of_a_429_is_respected_and_the_watch_resumes_without_a_list()
    {
        await using var server = await FakeApiServer.CreateAsync();
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.Fail(request => request.IsWatch, 429, "TooManyRequests", retryAfterSeconds: 1);
        server.EndWatches();
        await server.UntilAsync(_ => server.Watches == 3);
        Assert.Equal(1, server.Lists);
        Assert.Contains(run.Notices.OfType<ReflectorNotice.Failed>(), failed => failed.RetryIn == TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_500_is_retried_at_the_same_version_for_a_bounded_time()
    {
        await using var server = await FakeApiServer.CreateAsync();
        var timings = ReflectorRun.Fast with { MaxInternalErrorRetryDuration = TimeSpan.FromMilliseconds(150) };
        await using var run = ReflectorRun.Start(server, new() { UseWatchList = false, Timings = timings });
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.Fail(request => request.IsWatch, 500, "InternalError", times: int.MaxValue);
        server.EndWatches();
        await server.UntilAsync(_ => server.Watches >= 4);
        Assert.Equal(1, server.Lists);
        await server.UntilAsync(_ => server.Lists == 2);
        server.Heal();
        await server.UntilAsync(_ => server.OpenWatches() == 1);
    }

    [Fact]
    public async Task A_503_for_a_list_is_retried()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one");
        server.Fail(request => request.IsList, 503, "ServiceUnavailable", times: 2);
        await using var run = ReflectorRun.Start(server);
        await run.UntilNamesAsync("a/one");
        Assert.Equal(3, server.Lists);
    }

    [Fact]
    public async Task Missing_permissions_are_reported_in_one_sentence_and_retried()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one");
        server.ForbiddenResources = ["services"];
        await using var run = ReflectorRun.Start(server);
        await run.UntilAsync(_ => run.Has<ReflectorNotice.Failed>());
        var failed = run.Notices.OfType<ReflectorNotice.Failed>().First();
        Assert.StartsWith("cannot list services in all namespaces: forbidden: services is forbidden: User \"fake\"", failed.Message);
        Assert.Contains("grant the verbs list and watch", failed.Message);
        server.ForbiddenResources = [];
        await run.UntilNamesAsync("a/one");
    }

    /// <summary>
    /// The first retries are soon because a server that has just started denies everything until it has loaded its roles.
    /// </summary>
    [Fact]
    public async Task A_403_is_retried_soon_and_then_slowly()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.ForbiddenResources = ["services"];
        var timings = ReflectorRun.Fast with { MinBackoff = TimeSpan.FromMilliseconds(5), ForbiddenBackoff = TimeSpan.FromMilliseconds(80) };
        await using var run = ReflectorRun.Start(server, new() { UseWatchList = false, Timings = timings });
        await run.UntilAsync(_ => run.Notices.OfType<ReflectorNotice.Failed>().Count() == 6);
        var delays = run.Notices.OfType<ReflectorNotice.Failed>().Select(failed => failed.RetryIn.TotalMilliseconds).ToArray();
        Assert.InRange(delays[0], 5, 10);
        Assert.InRange(delays[5], 80, 160);
    }

    [Fact]
    public async Task Watches_that_end_at_once_back_off()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Intercept(request => request.IsWatch, context => context.Response.StartAsync(), times: 3);
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.Watches == 4 && server.OpenWatches() == 1);
        Assert.Equal(3, run.Notices.OfType<ReflectorNotice.Failed>().Count(failed => failed.Message.Contains("ended the watch at once")));
        Assert.Equal(1, server.Lists);
    }

    [Fact]
    public async Task A_stream_that_is_not_a_watch_is_relisted()
    {
        await using var server = await FakeApiServer.CreateAsync();
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.SendRaw("<html>\n"u8.ToArray());
        await server.UntilAsync(_ => server.Lists == 2 && server.OpenWatches() == 1);
    }

    [Fact]
    public async Task A_watch_that_is_idle_beyond_its_timeout_is_cancelled()
    {
        await using var server = await FakeApiServer.CreateAsync();
        var time = new ManualTimeProvider();
        await using var run = ReflectorRun.Start(server, new() { UseWatchList = false }, time);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        await run.UntilAsync(_ => run.Has<ReflectorNotice.WatchStarted>());
        server.HangWatches();
        server.UpsertService("one");
        time.Advance(TimeSpan.FromSeconds(290));
        Assert.False(run.Has<ReflectorNotice.Failed>());
        time.Advance(TimeSpan.FromSeconds(330));
        await run.UntilAsync(_ => run.Has<ReflectorNotice.Failed>());
        await server.UntilAsync(_ => server.OpenWatches() == 0); // the request itself was cancelled, not only its reader
        time.Advance(TimeSpan.FromSeconds(5));
        await run.UntilNamesAsync("a/one");
        Assert.Equal(1, server.Lists);
    }

    [Fact]
    public async Task With_bookmarks_a_dead_connection_is_detected_within_70_seconds()
    {
        await using var server = await FakeApiServer.CreateAsync();
        var time = new ManualTimeProvider();
        await using var run = ReflectorRun.Start(server, new() { UseWatchList = false }, time);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        await run.UntilAsync(_ => run.Has<ReflectorNotice.WatchStarted>());
        for (var i = 0; i < 2; i++)
        {
            server.SendBookmarks();
            server.UpsertService($"s{i}"); // shows that the bookmark before it was read
            await run.UntilAsync(_ => run.State.ContainsKey($"a/s{i}"));
            time.Advance(TimeSpan.FromSeconds(60));
        }

        server.HangWatches();
        Assert.False(run.Has<ReflectorNotice.Failed>());
        time.Advance(TimeSpan.FromSeconds(11));
        await run.UntilAsync(_ => run.Has<ReflectorNotice.Failed>());
        Assert.IsType<WatchStalledException>(run.Notices.OfType<ReflectorNotice.Failed>().Single().Error);
    }

    [Fact]
    public async Task A_rejected_token_is_reloaded_and_the_request_retried()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.AcceptedTokens = ["old"];
        server.UpsertService("one");
        using var directory = new TemporaryDirectory();
        var file = directory.Write("token", "old\n");
        await using var run = ReflectorRun.Start(server, configuration: server.Configuration with { Token = new TokenSource.InFile(file) });
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        directory.Write("token", "new\n");
        server.AcceptedTokens = ["new"];
        server.UpsertService("two");
        await run.UntilNamesAsync("a/one a/two");
        server.EndWatches();
        await server.UntilAsync(_ => server.Watches == 3 && server.OpenWatches() == 1);
        Assert.Equal(1, server.Lists);
        Assert.Equal(["old", "old", "old", "new"], server.Requests.Select(request => request.Token));
        Assert.False(run.Has<ReflectorNotice.Failed>());
    }

    [Theory]
    [InlineData(HttpProtocols.Http1AndHttp2, true)]
    [InlineData(HttpProtocols.Http1AndHttp2, false)]
    [InlineData(HttpProtocols.Http1, false)]
    public async Task Over_TLS_a_restart_and_an_idle_connection_lose_nothing(HttpProtocols protocols, bool watchList)
    {
        await using var server = await FakeApiServer.CreateAsync(https: true, protocols);
        server.UpsertService("one");
        var timings = ReflectorRun.Fast with
        {
            MinWatchTimeout = TimeSpan.FromSeconds(1),
            MaxWatchTimeout = TimeSpan.FromSeconds(1),
            WatchTimeoutGrace = TimeSpan.FromMilliseconds(200),
        };
        await using var run = ReflectorRun.Start(server, new() { UseWatchList = watchList, Timings = timings });
        await run.UntilNamesAsync("a/one");
        server.CutWatches();
        server.UpsertService("two");
        await run.UntilNamesAsync("a/one a/two");
        await server.StopAsync();
        server.UpsertService("three");
        await server.StartAsync();
        await run.UntilNamesAsync("a/one a/three a/two");
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.Intercept(request => request.IsWatch, async context =>
        {
            await context.Response.StartAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        server.EndWatches();
        await run.UntilAsync(_ => run.Notices.OfType<ReflectorNotice.Failed>().Any(failed => failed.Error is WatchStalledException));
        server.UpsertService("four");
        await run.UntilNamesAsync("a/four a/one a/three a/two");
        Assert.Equal(watchList ? 0 : 1, server.Lists);
    }

    [Fact]
    public void Delays_grow_to_their_maximum_and_are_reset_after_a_quiet_period()
    {
        var time = new ManualTimeProvider();
        var backoff = new Backoff(new ReflectorTimings(), time);
        double[] expected = [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30];
        foreach (var seconds in expected)
            Assert.InRange(backoff.Next().TotalSeconds, seconds, 2 * seconds);
        time.Advance(TimeSpan.FromSeconds(121));
        Assert.InRange(backoff.Next().TotalSeconds, 0.8, 1.6);
    }
}
