using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.FullStack;

/// <summary>Whatever the API server and the network do, traffic goes on, and follows the cluster in the end.</summary>
public sealed class FaultTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_and_without_watch_lists_and_without_bookmarks(bool watchList)
    {
        await using var stack = await TestStack.StartAsync(server => server.SupportsWatchList = watchList);
        Assert.Equal(watchList, !stack.Server.Requests.Any(request => request.IsList));
        await LeadToBAsync(stack);
    }

    [Fact]
    public async Task A_watch_list_that_never_ends_is_given_up_for_lists()
    {
        await using var stack = await TestStack.StartAsync(
            server => server.EndsInitialEvents = false, ReflectorRun.Fast with { InitialEventsIdleTimeout = TimeSpan.FromMilliseconds(200) });
        await LeadToBAsync(stack);
    }

    [Fact]
    public async Task A_list_in_pages_is_complete()
    {
        await using var stack = await TestStack.StartAsync(server => ManyIngresses(server));
        Assert.Equal(2, stack.Server.Requests.Count(request => request.Query.ContainsKey("continue")));
        Assert.Equal("b", await stack.AnswerAsync("host-0.example"));
        Assert.Equal("b", await stack.AnswerAsync("host-1099.example"));
    }

    [Fact]
    public async Task A_list_whose_continue_token_expires_is_made_anew()
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
    public async Task Watches_cut_within_an_event()
    {
        await using var stack = await TestStack.StartAsync();
        stack.Server.CutWatches();
        await LeadToBAsync(stack);
    }

    [Fact]
    public async Task Watches_that_fall_silent_are_noticed()
    {
        var timings = ReflectorRun.Fast with { BookmarkIdleTimeout = TimeSpan.FromMilliseconds(300) };
        await using var stack = await TestStack.StartAsync(timings: timings);
        // Two bookmarks tell that this server sends them.
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
    public async Task A_version_that_expired_while_changes_were_missed(bool byStatusCode)
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
        Assert.Contains("relisting ingresses.networking.k8s.io in all namespaces", stack.Log.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, "TooManyRequests")]
    [InlineData(500, "InternalError")]
    [InlineData(503, "ServiceUnavailable")]
    [InlineData(403, "Forbidden")]
    public async Task Refusals_at_the_start_and_later(int code, string reason)
    {
        await using var stack = await TestStack.StartAsync(server => server.Fail(_ => true, code, reason, times: 12));
        stack.Server.Fail(_ => true, code, reason, times: 12);
        stack.Server.EndWatches();
        await LeadToBAsync(stack);
    }

    [Fact]
    public async Task A_token_that_expires_is_read_anew()
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
    public async Task An_Ingress_deleted_and_made_again_is_the_new_one_even_when_its_deletion_comes_late()
    {
        await using var stack = await TestStack.StartAsync();
        stack.Server.Delete("Ingress", null, "app");
        await stack.UntilAnswerAsync("app.example", "404");
        await LeadToBAsync(stack);

        stack.Server.SendRaw(
            """{"type":"DELETED","object":{"metadata":{"name":"app","uid":"an-older-one","resourceVersion":"1"}}}"""u8.ToArray().Append((byte)'\n').ToArray(),
            "ingresses");
        // What comes after it on the same watch tells that it has been read.
        stack.Server.Upsert(Manifests.Ingress("after", "after.example", "a"));
        await stack.UntilAnswerAsync("after.example", "a");
        Assert.Equal("b", await stack.AnswerAsync("app.example"));
    }

    [Fact]
    public async Task An_API_server_that_is_away_stops_no_traffic_and_is_caught_up_with()
    {
        await using var stack = await TestStack.StartAsync();
        await stack.Server.StopAsync();
        await stack.UntilLoggedAsync("the API server cannot be reached");
        Assert.Equal("a", await stack.AnswerAsync("app.example"));
        Assert.Equal("ok", await stack.ReadyzAsync());

        stack.Server.Upsert(Manifests.Ingress("while-away", "away.example", "a"));
        await stack.Server.StartAsync();
        await stack.UntilAnswerAsync("away.example", "a");
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
