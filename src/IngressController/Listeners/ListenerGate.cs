using IngressController.Configuration;
using IngressController.Pipeline;

namespace IngressController.Listeners;

/// <summary>
/// Keeps the http and https ports closed until there is something to serve; it is the last service to start before them. With hostPort or
/// hostNetwork readiness is not checked: an open port would answer 503, while a closed port lets the client try another node.
/// </summary>
internal sealed partial class ListenerGate(
    LiveRevision live, ListenerOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ListenerGate> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => _ = LogReadyAsync());
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        try
        {
            await live.First.WaitAsync(options.InitialSyncTimeout, time, ends.Token);
        }
        catch (TimeoutException)
        {
            if (options.InitialSyncTimeout > TimeSpan.Zero)
                Log.OpenWithoutRevision(logger, options.InitialSyncTimeout.TotalSeconds);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Logs that requests are served.</summary>
    private async Task LogReadyAsync()
    {
        await live.First;
        var translation = live.Current.Translation;
        Log.Ready(logger, translation.ClaimedIngresses, translation.Table.Hosts.Count, translation.Table.Backends.Count);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "ready: {Ingresses} Ingresses, {Hosts} hosts, {Backends} backends")]
        public static partial void Ready(ILogger logger, int ingresses, int hosts, int backends);

        [LoggerMessage(Level = LogLevel.Warning, Message = "nothing to serve after {Seconds} s (--initial-sync-timeout): the http and https ports open and answer 503 until there is; /readyz on the admin port has the reason")]
        public static partial void OpenWithoutRevision(ILogger logger, double seconds);
    }
}
