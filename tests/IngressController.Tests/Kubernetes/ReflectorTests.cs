using IngressController.Kubernetes.Watching;
using IngressController.Tests.Fakes;
using k8s.Models;

namespace IngressController.Tests.Kubernetes;

public sealed class ReflectorTests
{
    [Fact]
    public async Task A_reflector_lists_from_the_cache_and_watches_from_that_version()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one");
        var version = server.ResourceVersion;
        await using var run = ReflectorRun.Start(server);
        await run.UntilNamesAsync("a/one");
        await server.UntilAsync(_ => server.OpenWatches("services") == 1);

        server.UpsertService("two");
        server.UpsertService("one", "changed.example");
        await run.UntilAsync(_ => run.Names == "a/one a/two" && run.State["a/one"].Spec!.ExternalName == "changed.example");
        server.Delete("Service", "a", "one");
        await run.UntilNamesAsync("a/two");

        Assert.Equal("0", server.Requests.Single(request => request.IsList).ResourceVersion);
        var watch = server.Requests.Single(request => request.IsWatch);
        Assert.Equal(version, watch.ResourceVersion);
        Assert.Equal("true", watch.Query["allowWatchBookmarks"]);
        Assert.InRange(int.Parse(watch.Query["timeoutSeconds"]), 300, 600);
    }

    [Fact]
    public async Task Requests_are_limited_to_the_namespace_and_the_selectors()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one", @namespace: "a");
        server.UpsertService("one", @namespace: "b");
        server.UpsertService("two", @namespace: "b");
        await using var run = ReflectorRun.Start(server, new() { Namespace = "b", FieldSelector = "metadata.name=two", UseWatchList = false });
        await run.UntilNamesAsync("b/two");
        await server.UntilAsync(_ => server.OpenWatches() == 1);

        Assert.All(server.Requests, request => Assert.Equal("/api/v1/namespaces/b/services", request.Path));
        Assert.All(server.Requests, request => Assert.Equal("metadata.name=two", request.Query["fieldSelector"]));
    }

    [Fact]
    public async Task The_state_is_replaced_only_after_the_last_page()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.ListsFromCache = false;
        for (var i = 0; i < 7; i++)
            server.UpsertService($"s{i}");
        await using var run = ReflectorRun.Start(server, new() { PageSize = 3, UseWatchList = false, Timings = ReflectorRun.Fast });
        await run.UntilAsync(_ => run.State.Count == 7);

        Assert.Single(run.Changes);
        Assert.Equal(3, server.Lists);
        Assert.Equal(["0", null, null], server.Requests.Where(request => request.IsList).Select(request => request.ResourceVersion));
    }

    [Fact]
    public async Task An_expired_continue_token_leads_to_one_full_list()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.ListsFromCache = false;
        for (var i = 0; i < 7; i++)
            server.UpsertService($"s{i}");
        server.Fail(request => request.Query.ContainsKey("continue"), 410, "Expired");
        await using var run = ReflectorRun.Start(server, new() { PageSize = 3, UseWatchList = false, Timings = ReflectorRun.Fast });
        await run.UntilAsync(_ => run.State.Count == 7);

        Assert.Single(run.Changes);
        Assert.False(server.Requests.Last(request => request.IsList).Query.ContainsKey("limit"));
        Assert.False(run.Has<ReflectorNotice.Failed>());
    }

    [Fact]
    public async Task A_watch_that_ends_resumes_without_a_list()
    {
        await using var server = await FakeApiServer.CreateAsync();
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.UpsertService("one");
        await run.UntilNamesAsync("a/one");
        var version = server.ResourceVersion;
        server.EndWatches();
        await server.UntilAsync(_ => server.Watches == 2);
        server.UpsertService("two");
        await run.UntilNamesAsync("a/one a/two");

        Assert.Equal(1, server.Lists);
        Assert.Equal(version, server.Requests.Last(request => request.IsWatch).ResourceVersion);
        Assert.True(run.Has<ReflectorNotice.WatchEnded>());
        Assert.False(run.Has<ReflectorNotice.Failed>());
    }

    [Fact]
    public async Task A_bookmark_advances_the_version_at_which_a_watch_resumes()
    {
        await using var server = await FakeApiServer.CreateAsync();
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches("services") == 1);
        server.Upsert("{apiVersion: v1, kind: Secret, metadata: {name: other, namespace: a}}");
        var version = server.ResourceVersion;
        server.SendBookmarks();
        server.EndWatches();
        await server.UntilAsync(_ => server.Watches == 2);

        Assert.Equal(version, server.Requests.Last().ResourceVersion);
        Assert.Single(run.Changes);
    }

    [Fact]
    public async Task A_missed_deletion_shows_in_the_next_list()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one");
        server.UpsertService("two");
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        await server.StopAsync();
        server.Delete("Service", "a", "one");
        server.Compact();
        await server.StartAsync();
        await run.UntilNamesAsync("a/two");
        Assert.Equal(2, server.Lists);
    }

    [Fact]
    public async Task A_recreated_object_is_applied_with_its_new_uid()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one");
        await using var run = ReflectorRun.Start(server);
        await run.UntilNamesAsync("a/one");
        var old = run.State["a/one"].Metadata!.Uid;
        server.Delete("Service", "a", "one");
        server.UpsertService("one");
        await run.UntilAsync(_ => run.State.TryGetValue("a/one", out var item) && item.Metadata!.Uid != old);
    }

    [Fact]
    public async Task A_late_deletion_of_the_old_object_does_not_remove_the_new_one()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("one", uid: "new");
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.SendRaw("{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"one\",\"namespace\":\"a\",\"uid\":\"old\"}}}\n"u8.ToArray());
        server.UpsertService("two");
        await run.UntilAsync(_ => run.State.ContainsKey("a/two"));
        Assert.Equal("a/one a/two", run.Names);
    }

    [Fact]
    public async Task An_object_that_does_not_decode_is_reported_and_does_not_affect_others()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.UpsertService("good");
        server.Upsert("{apiVersion: v1, kind: Service, metadata: {name: bad, namespace: a, uid: u1}, spec: {ports: 5}}");
        await using var run = ReflectorRun.Start(server);
        await run.UntilNamesAsync("a/good");
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        var replaced = Assert.IsType<ResourceChange<V1Service>.Replaced>(run.Changes[0]);
        Assert.Equal(("a", "bad", "u1"), (replaced.Undecodable[0].Namespace, replaced.Undecodable[0].Name, replaced.Undecodable[0].Uid));

        server.Upsert("{apiVersion: v1, kind: Service, metadata: {name: good, namespace: a}, spec: {ports: 5}}");
        var version = server.ResourceVersion;
        await run.UntilAsync(_ => run.Notices.OfType<ReflectorNotice.Undecodable>().Count() == 2);
        server.EndWatches();
        await server.UntilAsync(_ => server.Watches == 2);
        Assert.Equal("a/good", run.Names);
        Assert.Equal(version, server.Requests.Last().ResourceVersion);
        Assert.Equal(1, server.Lists);

        // Its deletion does not decode as an event; a list shows it.
        server.Delete("Service", "a", "good");
        await run.UntilNamesAsync("");
        Assert.Equal(2, server.Lists);
    }

    [Fact]
    public async Task A_receiver_that_throws_gets_everything_again()
    {
        await using var server = await FakeApiServer.CreateAsync();
        var throws = true;
        await using var run = ReflectorRun.Start(server, onChange: change =>
        {
            if (change is ResourceChange<V1Service>.Applied && throws)
            {
                throws = false;
                throw new InvalidOperationException("receiver bug");
            }
        });
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        server.UpsertService("one");
        await run.UntilNamesAsync("a/one");
        Assert.Contains(run.Notices.OfType<ReflectorNotice.Failed>(), failed => failed.Stage == ReflectorStage.Deliver);
    }

    [Fact]
    public async Task Megabyte_events_in_small_pieces_arrive_whole()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.PieceSize = 1021;
        await using var run = ReflectorRun.Start(server);
        await server.UntilAsync(_ => server.OpenWatches() == 1);
        var text = string.Concat(Enumerable.Repeat("grüße-€-😀-", 60_000));
        server.UpsertService("big", text);
        server.UpsertService("small");
        await run.UntilNamesAsync("a/big a/small");
        Assert.Equal(text, run.State["a/big"].Spec!.ExternalName);
    }
}
