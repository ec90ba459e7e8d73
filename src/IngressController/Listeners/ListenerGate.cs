using IngressController.Configuration;
using IngressController.Pipeline;
using IngressController.Routing.Translation;

namespace IngressController.Listeners;

/// <summary>
/// Keeps the http and https ports closed until there is something to serve: it starts as the last before them. With hostPort and hostNetwork
/// nothing asks for readiness, and a port that is open answers 503 where a closed one sends the client to another node.
/// </summary>
internal sealed partial class ListenerGate(
    LiveRevision live, ListenerOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ListenerGate> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => _ = SayReadyAsync());
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        try
        {
            await live.First.WaitAsync(options.InitialSyncTimeout, time, ends.Token);
        }
        catch (TimeoutException)
        {
            if (options.InitialSyncTimeout > TimeSpan.Zero)
                Log.OpensWithoutTable(logger, options.InitialSyncTimeout.TotalSeconds);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>From here on a request is served.</summary>
    private async Task SayReadyAsync()
    {
        await live.First;
        var translation = live.Current.Translation;
        Log.Ready(logger, translation.ClaimedIngresses, translation.Table.Hosts.Count, translation.Table.Backends.Count);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "ready: {Ingresses} Ingresses, {Hosts} hosts, {Backends} backends")]
        public static partial void Ready(ILogger logger, int ingresses, int hosts, int backends);

        [LoggerMessage(Level = LogLevel.Warning, Message = "nothing to serve after {Seconds} s (--initial-sync-timeout): the http and https ports open and answer 503 until there is; /readyz of the admin port says what is missing")]
        public static partial void OpensWithoutTable(ILogger logger, double seconds);
    }
}
