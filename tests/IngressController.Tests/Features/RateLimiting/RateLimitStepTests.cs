using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.RateLimiting;

/// <summary>Rate limits over sockets. Windows are long, so that the speed of the machine does not matter.</summary>
public sealed class RateLimitStepTests(FeatureFixture proxy) : IClassFixture<FeatureFixture>
{
    [Fact]
    public async Task A_rate_limit_replies_429_with_Retry_After()
    {
        var host = await proxy.ServeAsync("rate-limit: \"2\", rate-limit-window: 1h");
        var first = await proxy.GetAsync(host);
        Assert.Equal((200, "\"rate-limit\";q=2;w=3600"), (first.Status, first.One("RateLimit-Policy")));
        Assert.StartsWith("\"rate-limit\";r=1;t=", first.One("RateLimit"), StringComparison.Ordinal);
        Assert.Null(first.One("Retry-After"));
        Assert.Equal(200, (await proxy.GetAsync(host)).Status);

        var refused = await proxy.GetReplyAsync(host);
        Assert.Equal(429, refused.Status);
        Assert.StartsWith("\"rate-limit\";r=0", refused.One("RateLimit"), StringComparison.Ordinal);
        Assert.InRange(int.Parse(refused.One("Retry-After")!), 1, 3_600);
        Assert.Equal("no-store", refused.One("Cache-Control"));
    }

    [Fact]
    public async Task Limits_of_ingress_nginx_reply_503_without_rate_limit_headers()
    {
        var host = await proxy.ServeAsync("limit-rpm: \"1\", limit-burst-multiplier: \"1\"");
        // One request and a burst of one.
        Assert.Equal(200, (await proxy.GetAsync(host)).Status);
        Assert.Equal(200, (await proxy.GetAsync(host)).Status);
        var refused = await proxy.GetReplyAsync(host);
        Assert.Equal(503, refused.Status);
        Assert.Null(refused.One("RateLimit"));
    }

    [Fact]
    public async Task All_paths_of_an_Ingress_share_a_count_and_other_Ingresses_have_their_own()
    {
        var host = proxy.NewHost();
        const string Limit = "rate-limit: \"1\", rate-limit-window: 1h";
        await proxy.AddAsync(Manifests.Ingress($"{host}-a", host, "web", "/a", annotations: Limit).Replace(
            "paths: [", "paths: [{path: /b, pathType: Prefix, backend: {service: {name: web, port: {number: 80} } } }, ", StringComparison.Ordinal)
            + Manifests.Ingress($"{host}-c", host, "web", "/c", annotations: Limit));
        Assert.Equal(200, (await proxy.GetAsync(host, "/a")).Status);
        Assert.Equal(429, (await proxy.GetAsync(host, "/b")).Status);
        Assert.Equal(200, (await proxy.GetAsync(host, "/c")).Status);
    }

    [Theory]
    [InlineData("header:X-Tenant", "/", "X-Tenant: a\r\n", "/", "x-tenant: b\r\n")]
    [InlineData("cookie:s", "/", "Cookie: s=a\r\n", "/", "Cookie: x=1; s=b\r\n")]
    [InlineData("query:user", "/?user=a", "", "/?x=1&user=b", "")]
    [InlineData("path", "/a", "", "/b", "")]
    [InlineData("client-ip, header:X-Tenant", "/", "X-Tenant: a\r\n", "/", "X-Tenant: b\r\n")]
    public async Task Requests_are_distinguished_by_the_key(string key, string target, string fields, string otherTarget, string otherFields)
    {
        var host = await proxy.ServeAsync($"rate-limit: \"1\", rate-limit-window: 1h, rate-limit-key: \"{key}\"");
        Assert.Equal(200, (await proxy.GetAsync(host, target, fields)).Status);
        Assert.Equal(429, (await proxy.GetAsync(host, target, fields)).Status);
        Assert.Equal(200, (await proxy.GetAsync(host, otherTarget, otherFields)).Status);
    }

    [Fact]
    public async Task An_encoded_path_shares_the_count_of_the_plain_one()
    {
        var host = await proxy.ServeAsync("rate-limit: \"1\", rate-limit-window: 1h, rate-limit-key: path");
        Assert.Equal(200, (await proxy.GetAsync(host, "/a")).Status);
        Assert.Equal(429, (await proxy.GetAsync(host, "/%61")).Status);
        Assert.Equal(429, (await proxy.GetAsync(host, "//a?x=1")).Status);
    }

    [Fact]
    public async Task A_forged_client_address_has_no_separate_count()
    {
        var host = await proxy.ServeAsync("rate-limit: \"1\", rate-limit-window: 1h");
        Assert.Equal(200, (await proxy.GetAsync(host, "/", "X-Forwarded-For: 1.1.1.1\r\n")).Status);
        Assert.Equal(429, (await proxy.GetAsync(host, "/", "X-Forwarded-For: 2.2.2.2\r\nX-Real-IP: 2.2.2.2\r\n")).Status);
    }

    [Theory]
    [InlineData("limit-allowlist: 127.0.0.0/8")]
    [InlineData("rate-limit-dry-run: \"true\"")]
    public async Task Exempt_clients_and_dry_runs_are_allowed(string annotation)
    {
        var host = await proxy.ServeAsync($"rate-limit: \"1\", rate-limit-window: 1h, {annotation}");
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, (await proxy.GetAsync(host)).Status);
    }

    [Fact]
    public async Task Counts_survive_unrelated_changes()
    {
        const string Limit = "rate-limit: \"1\", rate-limit-window: 1h";
        var host = await proxy.ServeAsync(Limit);
        Assert.Equal(200, (await proxy.GetAsync(host)).Status);
        await proxy.AddAsync(Manifests.Ingress($"{host}-more", host, "web", "/more"));
        Assert.Equal(429, (await proxy.GetAsync(host)).Status);
        GC.Collect();
        Assert.Equal(429, (await proxy.GetAsync(host)).Status);
    }

    [Fact]
    public async Task Requests_in_flight_are_limited_and_return_their_permit()
    {
        var arrived = new SemaphoreSlim(0);
        var answer = new TaskCompletionSource();
        await using var slow = WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                arrived.Release();
                await answer.Task;
                await connection.SendAsync(WireBackend.Ok("slow"));
            }
        });
        var host = proxy.NewHost();
        await proxy.AddAsync(Manifests.Service($"s-{host[..host.IndexOf('.', StringComparison.Ordinal)]}", [slow.Port]) + Manifests.Ingress(host, host, $"s-{host[..host.IndexOf('.', StringComparison.Ordinal)]}", annotations: "limit-connections: \"2\""));

        var held = new[] { proxy.GetAsync(host), proxy.GetAsync(host) };
        for (var i = 0; i < held.Length; i++)
            Assert.True(await arrived.WaitAsync(TimeSpan.FromSeconds(15)));
        var refused = await proxy.GetAsync(host);
        Assert.Equal((503, "1"), (refused.Status, refused.One("Retry-After")));

        answer.SetResult();
        Assert.All(await Task.WhenAll(held), response => Assert.Equal(200, response.Status));
        Assert.Equal(200, (await proxy.GetAsync(host)).Status);
    }

    [Fact]
    public async Task A_queued_request_passes_when_a_permit_is_available()
    {
        var arrived = new SemaphoreSlim(0);
        var answers = new SemaphoreSlim(0);
        await using var slow = WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                arrived.Release();
                await answers.WaitAsync();
                await connection.SendAsync(WireBackend.Ok("slow"));
            }
        });
        var host = proxy.NewHost();
        await proxy.AddAsync(Manifests.Service($"s-{host[..host.IndexOf('.', StringComparison.Ordinal)]}", [slow.Port]) + Manifests.Ingress(
            host, host, $"s-{host[..host.IndexOf('.', StringComparison.Ordinal)]}", annotations: "rate-limit: \"1\", rate-limit-algorithm: concurrency, rate-limit-queue: \"1\""));

        var first = proxy.GetAsync(host);
        Assert.True(await arrived.WaitAsync(TimeSpan.FromSeconds(15)));
        // One of these two waits and the other is refused, in either order.
        var others = new[] { proxy.GetAsync(host), proxy.GetAsync(host) };
        Assert.Equal(429, (await await Task.WhenAny(others)).Status);
        answers.Release(2);
        Assert.Equal(200, (await first).Status);
        Assert.Equal([200, 429], (await Task.WhenAll(others)).Select(response => response.Status).Order());
    }

    [Fact]
    public async Task A_refused_request_does_not_count_for_the_other_limits()
    {
        // The larger limit would be exhausted by the ten requests if refused ones counted.
        var host = await proxy.ServeAsync("limit-rpm: \"3\", limit-burst-multiplier: \"1\", rate-limit: \"2\", rate-limit-window: 1h, rate-limit-key: \"header:X\"");
        for (var i = 0; i < 10; i++)
            await proxy.GetAsync(host, "/", "X: a\r\n");
        Assert.Equal(200, (await proxy.GetAsync(host, "/", "X: b\r\n")).Status);
    }

    [Fact]
    public async Task Refusals_are_counted_by_Ingress_and_rule()
    {
        var host = await proxy.ServeAsync("rate-limit: \"1\", rate-limit-window: 1h");
        await proxy.GetAsync(host);
        await proxy.GetAsync(host);
        using var client = new HttpClient();
        var metrics = await client.GetStringAsync($"http://127.0.0.1:{proxy.Controller.AdminPort}/metrics");
        Assert.Contains($"yarp_ingress_rate_limited_requests_total{{namespace=\"default\",ingress=\"{host}\",rule=\"rate-limit\",dry_run=\"false\"}} 1\n", metrics, StringComparison.Ordinal);
    }
}

/// <summary>Limits of the whole cluster. The replicas are the endpoints of a Service.</summary>
public sealed class ClusterScopeTests
{
    [Fact]
    public async Task A_limit_of_the_cluster_is_divided_by_the_ready_replicas_as_they_change()
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("ok"));
        var manifests = Manifests.Service("web", [backend.Port])
            + Manifests.Ingress("limited", "limited.example", "web", annotations: "rate-limit: \"4\", rate-limit-window: 1h, rate-limit-scope: cluster, rate-limit-key: \"header:K\"");
        await using var controller = await TestController.StartAsync(
            manifests + Replicas(2), options => options with { Translation = options.Translation with { ReplicasService = new("ingress", "controller") } });

        Assert.Equal(2, await PassingAsync("a"));
        await controller.ApplyAsync(manifests + Replicas(4));
        Assert.Equal(1, await PassingAsync("b"));
        await controller.ApplyAsync(manifests);
        Assert.Equal(4, await PassingAsync("c"));

        async Task<int> PassingAsync(string key)
        {
            var passed = 0;
            for (var i = 0; i < 6; i++)
                passed += (await WireConnection.ExchangeAsync(controller.HttpPort, $"GET / HTTP/1.1\r\nHost: limited.example\r\nK: {key}\r\n\r\n")).Status == 200 ? 1 : 0;
            return passed;
        }
    }

    private static string Replicas(int count) => $$"""
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: controller-1, namespace: ingress, labels: {kubernetes.io/service-name: controller } }
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints: [{{string.Join(", ", Enumerable.Range(1, count).Select(i => $"{{addresses: [10.0.0.{i}]}}"))}}]

        """;
}
