using IngressController.Kubernetes.Watching;
using IngressController.Tests.Fakes;
using k8s.Models;

namespace IngressController.Tests.Kubernetes;

public sealed class WatchListTests
{
    private static readonly ReflectorOptions Options = new() { Timings = ReflectorRun.Fast };

    [Fact]
    public async Task The_initial_state_is_streamed_and_delivered_at_once()
    {
        await using var server = await FakeApiServer.CreateAsync();
        for (var i = 0; i < 5; i++)
            server.UpsertService($"s{i}");
        await using var run = ReflectorRun.Start(server, Options);
        await run.UntilAsync(_ => run.State.Count == 5);
        server.UpsertService("later");
        await run.UntilAsync(_ => run.State.Count == 6);

        Assert.IsType<ResourceChange<V1Service>.Replaced>(run.Changes[0]);
        Assert.Equal(2, run.Changes.Count);
        var request = Assert.Single(server.Requests);
        Assert.Equal("true", request.Query["sendInitialEvents"]);
        Assert.Equal("NotOlderThan", request.Query["resourceVersionMatch"]);
        Assert.Null(request.ResourceVersion);
    }

    [Fact]
    public async Task A_stream_that_ends_resumes_as_a_plain_watch()
    {
        await using var server = await FakeApiServer.CreateAsync();
        await using var run = ReflectorRun.Start(server, Options);
        await run.UntilAsync(_ => run.Has<ReflectorNotice.Listed>());
        server.EndWatches();
        await server.UntilAsync(_ => server.Watches == 2 && server.OpenWatches() == 1);
        Assert.False(server.Requests.Last().IsWatchList);
        Assert.Equal(server.ResourceVersion, server.Requests.Last().ResourceVersion);
    }

    [Fact]
    public async Task A_server_that_rejects_watch_lists_is_listed_for_the_rest_of_the_run()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.SupportsWatchList = false;
        server.UpsertService("one");
        await using var run = ReflectorRun.Start(server, Options);
        await server.UntilAsync(_ => server.Lists == 1 && server.OpenWatches() == 1);
        await run.UntilNamesAsync("a/one");
        server.FailWatches(410, "Expired");
        await server.UntilAsync(_ => server.Lists == 2);
        Assert.Equal(1, server.Requests.Count(request => request.IsWatchList));
        Assert.Single(run.Notices.OfType<ReflectorNotice.WatchListUnsupported>());
    }

    [Fact]
    public async Task A_server_that_never_ends_the_initial_events_is_listed()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.EndsInitialEvents = false;
        server.UpsertService("one");
        var timings = ReflectorRun.Fast with { InitialEventsIdleTimeout = TimeSpan.FromMilliseconds(200) };
        await using var run = ReflectorRun.Start(server, new() { Timings = timings });
        await run.UntilNamesAsync("a/one");
        Assert.Equal(1, server.Lists);
        Assert.True(run.Has<ReflectorNotice.WatchListUnsupported>());
    }

    [Fact]
    public async Task A_stream_that_breaks_within_its_initial_events_delivers_nothing_and_is_listed()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.EndsInitialEvents = false;
        server.UpsertService("one");
        await using var run = ReflectorRun.Start(server, Options);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        Assert.Empty(run.Changes);
        server.CutWatches();
        await run.UntilNamesAsync("a/one");
        Assert.Equal(1, server.Lists);
    }

    [Fact]
    public async Task An_outage_at_startup_does_not_disable_watch_lists()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one");
        server.Fail(request => request.IsWatchList, 503, "ServiceUnavailable", times: 2);
        server.Fail(request => request.IsWatchList, 429, "TooManyRequests");
        await using var run = ReflectorRun.Start(server, Options);
        await run.UntilNamesAsync("a/one");
        Assert.Equal(0, server.Lists);
    }

    [Fact]
    public async Task An_expired_version_is_streamed_again()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one");
        await using var run = ReflectorRun.Start(server, Options);
        await run.UntilNamesAsync("a/one");
        await server.StopAsync();
        server.Delete("Service", "a", "one");
        server.UpsertService("two");
        server.Compact();
        await server.StartAsync();
        await run.UntilNamesAsync("a/two");
        Assert.Equal(0, server.Lists);
        Assert.Equal(2, server.Requests.Count(request => request.IsWatchList));
    }

    [Fact]
    public async Task An_undecodable_initial_object_is_delivered_as_undecodable()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("good");
        server.Upsert("{apiVersion: v1, kind: Service, metadata: {name: bad, namespace: a}, spec: {ports: 5}}");
        await using var run = ReflectorRun.Start(server, Options);
        await run.UntilNamesAsync("a/good");
        var replaced = Assert.IsType<ResourceChange<V1Service>.Replaced>(run.Changes[0]);
        Assert.Equal("a/bad", Assert.Single(replaced.Undecodable).ToString());
    }
}
