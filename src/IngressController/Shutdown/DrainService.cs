using IngressController.Configuration;
using Microsoft.AspNetCore.Hosting.Server;

namespace IngressController.Shutdown;

/// <summary>
/// The end of the process, so that no request fails by it. Told to end, it is not ready at once, but serves on for the shutdown delay:
/// load balancers and kube-proxy keep sending until they have noticed. Clients are sent elsewhere meanwhile. Then it stops listening,
/// lets requests in flight end, and cuts those that take longer than the grace period.
/// </summary>
/// <remarks>
/// All of it happens in <see cref="StoppingAsync"/>, which the host calls before it stops any hosted service. So routes still follow the
/// cluster while requests are served, and probes and metrics are answered. What may begin at once and beside the drain begins with
/// ApplicationStopping, as the leader's resignation does; what the StopAsync of other services does comes after the last request, when
/// it delays nobody, and before the process ends.
/// The host stops them in the reverse order of their registration: Kestrel, which has nothing left to do, then the source and the loop,
/// the admin server last.
/// </remarks>
internal sealed partial class DrainService(
    Drain drain, OpenConnections connections, OpenWebSockets webSockets, IServer server, ShutdownOptions options, TimeProvider time,
    ILogger<DrainService> logger) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        drain.Begin();
        var delay = drain.IsHurried ? TimeSpan.Zero : options.Delay;
        Log.Begun(logger, delay.TotalSeconds, options.GracePeriod.TotalSeconds);
        if (delay > TimeSpan.Zero)
        {
            // On a thread of its own: no client, however slow, may hold up the end.
            _ = Task.Run(connections.Announce, CancellationToken.None);
            await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await StopServingAsync(cancellationToken);
        if (drain.CutRequests > 0)
            Log.Cut(logger, drain.CutRequests, options.GracePeriod.TotalSeconds);
    }

    private async Task StopServingAsync(CancellationToken cancellation)
    {
        using var grace = new CancellationTokenSource(options.GracePeriod, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(grace.Token, cancellation);
        using var cut = new CancellationTokenSource();
        // Before Kestrel hears of it: the requests that it cuts look at it.
        await using var ending = end.Token.UnsafeRegister(
            _ =>
            {
                drain.End();
                cut.Cancel();
            },
            null);
        var stopping = server.StopAsync(cut.Token);
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
        [LoggerMessage(Level = LogLevel.Information, Message = "shutting down: not ready, serving for another {Delay} s; after that requests in flight may take {Grace} s")]
        public static partial void Begun(ILogger logger, double delay, double grace);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Requests} requests were cut: they had not ended {Grace} s (--shutdown-grace-period) after the shutdown delay")]
        public static partial void Cut(ILogger logger, int requests, double grace);
    }
}
