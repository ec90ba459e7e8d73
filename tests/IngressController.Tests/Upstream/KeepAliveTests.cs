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
