using System.Diagnostics;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Upstream;

/// <summary>upstream-keepalive-timeout and upstream-keepalive-time: the age of kept connections to endpoints.</summary>
public sealed class KeepAliveTests(SettingsFixture proxy) : IClassFixture<SettingsFixture>
{
    [Fact]
    public async Task An_idle_connection_is_closed_before_gunicorn_would_close_it()
    {
        var idle = new TaskCompletionSource<TimeSpan>();
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(WireBackend.Ok("ok"));
            var since = Stopwatch.StartNew();
            if (await connection.ReadRequestAsync() is null)
                idle.TrySetResult(since.Elapsed);
        });
        Assert.Equal(200, (await proxy.GetAsync(await proxy.ServeAsync(backend))).Status);
        // 2 s, and what a busy machine adds.
        Assert.InRange(await idle.Task.WaitAsync(TimeSpan.FromSeconds(15)), TimeSpan.FromSeconds(0.3), TimeSpan.FromSeconds(4));
    }

    [Theory]
    [InlineData("1", 6)]
    [InlineData("2", 3)]
    [InlineData("4", 2)]
    [InlineData("100", 1)]
    public async Task A_connection_serves_as_many_requests_as_the_setting_says(string requests, int connections)
    {
        await proxy.SetAsync(("upstream-keepalive-timeout", "60"), ("upstream-keepalive-requests", requests));
        var accepted = proxy.Backend.Accepted;
        for (var i = 0; i < 6; i++)
            await proxy.SendAsync("");
        // The HTTP client does not count them.
        Assert.Equal(accepted + (TestController.ForwardsDirectly ? connections : 1), proxy.Backend.Accepted);
    }

    [Theory]
    [InlineData("0", 6)]
    [InlineData("1", 5)]
    [InlineData("2", 4)]
    [InlineData("50", 3)]
    public async Task So_many_idle_connections_are_kept_as_the_setting_says(string idle, int connections)
    {
        var waiting = new SemaphoreSlim(0);
        var answers = new SemaphoreSlim(0);
        await using var backend = WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                waiting.Release();
                await answers.WaitAsync();
                await connection.SendAsync(WireBackend.Ok("ok"));
            }
        });
        await proxy.Controller.ApplyAsync(
            Manifests.Service("idle", [backend.Port]) + Manifests.Ingress("idle", "idle.example", "idle"),
            $"""
            apiVersion: v1
            kind: ConfigMap
            metadata: {"{name: settings}"}
            data: {"{"}upstream-keepalive-timeout: '60', upstream-keepalive-connections: '{idle}'{"}"}
            """);
        for (var round = 0; round < 2; round++)
        {
            // Three at the same time, so that all of them need a connection.
            var responses = Enumerable.Range(0, 3).Select(_ => proxy.GetAsync("idle.example")).ToArray();
            for (var i = 0; i < 3; i++)
                await waiting.WaitAsync(TimeSpan.FromSeconds(15));
            for (var i = 0; i < 3; i++)
            {
                // One after the other, so that they become idle so.
                answers.Release();
                Assert.Equal(200, (await await Task.WhenAny(responses)).Status);
                responses = [.. responses.Where(response => !response.IsCompleted)];
            }
        }

        Assert.Equal(TestController.ForwardsDirectly ? connections : 3, backend.Accepted);
    }

    [Fact]
    public async Task A_changed_setting_applies_to_the_next_requests()
    {
        await proxy.SetAsync(("upstream-keepalive-timeout", "0"));
        var accepted = proxy.Backend.Accepted;
        for (var i = 0; i < 3; i++)
            await proxy.SendAsync("");
        Assert.Equal(accepted + 3, proxy.Backend.Accepted);

        await proxy.SetAsync(("upstream-keepalive-timeout", "60"));
        for (var i = 0; i < 3; i++)
            await proxy.SendAsync("");
        Assert.Equal(accepted + 4, proxy.Backend.Accepted);
    }
}
