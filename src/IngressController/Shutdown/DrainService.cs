using IngressController.Configuration;
using Microsoft.AspNetCore.Hosting.Server;

namespace IngressController.Shutdown;

/// <summary>
/// Shuts the process down without failed requests. When the shutdown begins, the replica is not ready at once, but still serves for the
/// shutdown delay, because load balancers and kube-proxy keep sending requests until they notice. Meanwhile clients are moved to other
/// replicas. Then it stops listening, waits for requests in flight, and aborts those that exceed the grace period.
/// </summary>
/// <remarks>
/// All of this happens in <see cref="StoppingAsync"/>, which the host calls before it stops any hosted service. So routes are still updated
/// while requests are served, and probes and metrics are answered. Work that can begin at once and run in parallel to the drain, such as
/// the leader's resignation, is started by ApplicationStopping. Work in the StopAsync of other services runs after the last request, so
/// that it delays none, and before the process ends. The host stops services in the reverse order of their registration: Kestrel, which has
/// nothing left to do, then the source and the loop, the admin server last.
/// </remarks>
internal sealed partial class DrainService(
    Drain drain, OpenConnections connections, OpenWebSockets webSockets, IServer server, ShutdownOptions options, TimeProvider time,
    ILogger<DrainService> logger) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        var delay = drain.SkipsDelay ? TimeSpan.Zero : options.Delay;
        Log.Begun(logger, delay.TotalSeconds, options.GracePeriod.TotalSeconds);
        if (delay > TimeSpan.Zero)
        {
            // In the background: a slow client must not delay the shutdown.
            _ = Task.Run(connections.SendGoAway, CancellationToken.None);
            await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await StopServingAsync(cancellationToken);
        if (drain.AbortedRequests > 0)
            Log.RequestsAborted(logger, drain.AbortedRequests, options.GracePeriod.TotalSeconds);
    }

    private async Task StopServingAsync(CancellationToken cancellation)
    {
        using var grace = new CancellationTokenSource(options.GracePeriod, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(grace.Token, cancellation);
        using var abort = new CancellationTokenSource();
        // The drain ends before Kestrel aborts requests, because these check whether it is over.
        await using var ending = end.Token.UnsafeRegister(
            _ =>
            {
                drain.End();
                abort.Cancel();
            },
            null);
        var stopping = server.StopAsync(abort.Token);
        var ended = connections.TickUntilAsync(stopping, time);
        await webSockets.CloseAsync(options.GracePeriod / 2, end.Token);
        await ended;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "shutting down: not ready, serving for another {Delay} s; requests in flight then have {Grace} s")]
        public static partial void Begun(ILogger logger, double delay, double grace);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Requests} requests were aborted: they had not ended {Grace} s (--shutdown-grace-period) after the shutdown delay")]
        public static partial void RequestsAborted(ILogger logger, int requests, double grace);
    }
}
