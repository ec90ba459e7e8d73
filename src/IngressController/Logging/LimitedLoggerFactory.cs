using System.Collections.Concurrent;

namespace IngressController.Logging;

/// <summary>
/// Limits what Kestrel and YARP log: some of their lines are written for each connection or request, and clients choose how many of these
/// there are. Each kind of line is written once, then at most one line per second says how many more there were. The controller's own lines
/// pass: those that clients can cause have a <see cref="Signals.FailureLogLimit"/>.
/// </summary>
internal sealed class LimitedLoggerFactory(ILoggerFactory inner, TimeProvider time) : ILoggerFactory
{
    private static readonly string[] LimitedCategories = ["Microsoft.AspNetCore.", "Yarp."];

    private readonly ConcurrentDictionary<string, LimitedLogger> _loggers = new(StringComparer.Ordinal);

    public ILogger CreateLogger(string categoryName)
    {
        var logger = inner.CreateLogger(categoryName);
        return Array.Exists(LimitedCategories, prefix => categoryName.StartsWith(prefix, StringComparison.Ordinal))
            ? _loggers.GetOrAdd(categoryName, static (name, state) => new LimitedLogger(state.logger, name, state.time), (logger, time))
            : logger;
    }

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>Logs the numbers that have not been logged yet, then ends the log.</summary>
    public void Dispose()
    {
        foreach (var logger in _loggers.Values)
            logger.Dispose();
        inner.Dispose();
    }
}
