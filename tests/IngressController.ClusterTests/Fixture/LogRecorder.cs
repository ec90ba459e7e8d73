using Microsoft.Extensions.Logging;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Records the log of a controller.</summary>
internal sealed class LogRecorder : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly List<(LogLevel Level, string Text)> _lines = [];

    public IReadOnlyList<(LogLevel Level, string Text)> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public override string ToString() => string.Join('\n', Lines.Select(line => $"{line.Level}: {line.Text}"));

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
    }

    private sealed class Logger(LogRecorder recorder) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (recorder._lock)
                recorder._lines.Add((logLevel, $"{formatter(state, exception)}{(exception is null ? "" : $"\n{exception}")}"));
        }
    }
}
