namespace IngressController.Sources;

/// <summary>Runs the source of cluster objects for the lifetime of the process.</summary>
internal sealed partial class SourceRunner(IClusterSource source, ILogger<SourceRunner> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Log.Watching(logger, source.Description);
        return source.RunAsync(stoppingToken);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "watching {Source}")]
        public static partial void Watching(ILogger logger, string source);
    }
}
