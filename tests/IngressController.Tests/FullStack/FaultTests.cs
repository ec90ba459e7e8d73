using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.FullStack;

/// <summary>Faults of the API server and the network do not stop traffic, and changes are applied in the end.</summary>
public sealed class FaultTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Changes_arrive_with_and_without_watch_lists(bool watchList)
    {
        await using var stack = await TestStack.StartAsync(server => server.SupportsWatchList = watchList);
        Assert.Equal(watchList, !stack.Server.Requests.Any(request => request.IsList));
        await LeadToBAsync(stack);
    }

    [Fact]
    public async Task Watch_list_that_never_ends_falls_back_to_lists()
    {
        await using var stack = await TestStack.StartAsync(
            server => server.EndsInitialEvents = false, ReflectorRun.Fast with { InitialEventsIdleTimeout = TimeSpan.FromMilliseconds(200) });
        await LeadToBAsync(stack);
    }

    [Fact]
    public async Task Paged_list_is_complete()
    {
        await using var stack = await TestStack.StartAsync(server => ManyIngresses(server));
        Assert.Equal(2, stack.Server.Requests.Count(request => request.Query.ContainsKey("continue")));
        Assert.Equal("b", await stack.AnswerAsync("host-0.example"));
        Assert.Equal("b", await stack.AnswerAsync("host-1099.example"));
    }

    [Fact]
    public async Task List_restarts_after_its_continue_token_expires()
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            ManyIngresses(server);
            server.Fail(request => request.Query.ContainsKey("continue"), 410, "Expired");
        });
        Assert.Equal("b", await stack.AnswerAsync("host-1099.example"));
        Assert.Equal(2, stack.Server.Requests.Count(request => request.IsList && request.Resource == "ingresses" && !request.Query.ContainsKey("continue")));
    }

    [Fact]
    public async Task Watches_that_break_within_an_event_are_resumed()
    {
        await using var stack = await TestStack.StartAsync();
        stack.Server.CutWatches();
        await LeadToBAsync(stack);
    }

    [Fact]
    public async Task Idle_watches_are_detected()
    {
        var timings = ReflectorRun.Fast with { BookmarkIdleTimeout = TimeSpan.FromMilliseconds(300) };
        await using var stack = await TestStack.StartAsync(timings: timings);
        // Two bookmarks show that this server sends them.
        stack.Server.SendBookmarks();
        stack.Server.SendBookmarks();
        stack.Server.Upsert(Manifests.Ingress("after-them", "after.example", "b"));
        await stack.UntilAnswerAsync("after.example", "b");
        stack.Server.HangWatches();
        await LeadToBAsync(stack);
        Assert.Contains("the connection is considered dead", stack.Log.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Missed_changes_are_applied_after_the_version_expired(bool byStatusCode)
    {
        await using var stack = await TestStack.StartAsync(server => server.ExpiresByStatusCode = byStatusCode);
        stack.Server.Upsert(Manifests.Ingress("gone", "gone.example", "b"));
        await stack.UntilAnswerAsync("gone.example", "b");

        stack.Server.HangWatches();
        stack.Server.Delete("Ingress", null, "gone");
        stack.Server.Upsert(Manifests.Ingress("app", "app.example", "b"));
        stack.Server.Compact();
        stack.Server.EndWatches();

        await stack.UntilAnswerAsync("app.example", "b");
        Assert.Equal("404", await stack.AnswerAsync("gone.example"));
        Assert.Contains("relisting ingresses.networking.k8s.io in all namespaces: ", stack.Log.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, "TooManyRequests")]
    [InlineData(500, "InternalError")]
    [InlineData(503, "ServiceUnavailable")]
    [InlineData(403, "Forbidden")]
    public async Task Failed_requests_are_retried_at_the_start_and_later(int code, string reason)
    {
        await using var stack = await TestStack.StartAsync(server => server.Fail(_ => true, code, reason, times: 12));
        stack.Server.Fail(_ => true, code, reason, times: 12);
        stack.Server.EndWatches();
        await LeadToBAsync(stack);
    }

    [Fact]
    public async Task Expired_token_is_reloaded()
    {
        await using var stack = await TestStack.CreateAsync();
        stack.Server.Upsert(Manifests.Ingress("app", "app.example", "a"));
        var tokenFile = Path.Combine(Path.GetDirectoryName(stack.Kubeconfig)!, "token");
        await File.WriteAllTextAsync(tokenFile, "first");
        var kubeconfig = await File.ReadAllTextAsync(stack.Kubeconfig);
        await File.WriteAllTextAsync(stack.Kubeconfig, kubeconfig.Replace("token: \"fake-token\"", $"tokenFile: \"{tokenFile}\"", StringComparison.Ordinal));
        stack.Server.AcceptedTokens = ["first"];
        await stack.StartControllerAsync();
        await stack.UntilAnswerAsync("app.example", "a");

        stack.Server.AcceptedTokens = ["second"];
        stack.Server.EndWatches();
        await stack.Server.UntilAsync(server => server.Requests.Any(request => request.StatusCode == 401));
        Assert.Equal("a", await stack.AnswerAsync("app.example"));
        await File.WriteAllTextAsync(tokenFile, "second");
        await LeadToBAsync(stack);
    }

    [Fact]
    public async Task Late_deletion_event_does_not_remove_a_recreated_Ingress()
    {
        await using var stack = await TestStack.StartAsync();
        stack.Server.Delete("Ingress", null, "app");
        await stack.UntilAnswerAsync("app.example", "404");
        await LeadToBAsync(stack);

        stack.Server.SendRaw(
            """{"type":"DELETED","object":{"metadata":{"name":"app","uid":"an-older-one","resourceVersion":"1"}}}"""u8.ToArray().Append((byte)'\n').ToArray(),
            "ingresses");
        // A later event on the same watch shows that it has been read.
        stack.Server.Upsert(Manifests.Ingress("after", "after.example", "a"));
        await stack.UntilAnswerAsync("after.example", "a");
        Assert.Equal("b", await stack.AnswerAsync("app.example"));
    }

    [Fact]
    public async Task Outage_of_the_API_server_stops_no_traffic_and_changes_are_applied_after_it()
    {
        await using var stack = await TestStack.StartAsync();
        await stack.Server.StopAsync();
        await stack.UntilLoggedAsync("the API server cannot be reached");
        Assert.Equal("a", await stack.AnswerAsync("app.example"));
        Assert.Equal("ok", await stack.ReadyzAsync());

        stack.Server.Upsert(Manifests.Ingress("during-outage", "outage.example", "a"));
        await stack.Server.StartAsync();
        await stack.UntilAnswerAsync("outage.example", "a");
        await LeadToBAsync(stack);
    }

    private static async Task LeadToBAsync(TestStack stack)
    {
        Assert.NotEqual("b", await stack.AnswerAsync("app.example"));
        stack.Server.Upsert(Manifests.Ingress("app", "app.example", "b"));
        await stack.UntilAnswerAsync("app.example", "b");
    }

    private static void ManyIngresses(FakeApiServer server)
    {
        server.SupportsWatchList = false;
        server.ListsFromCache = false;
        for (var i = 0; i < 1100; i++)
            server.Upsert(Manifests.Ingress($"many-{i}", $"host-{i}.example", "b"));
    }
}
