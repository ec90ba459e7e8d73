using Microsoft.Extensions.Logging;

namespace IngressController.Tests.FullStack;

/// <summary>Records log lines.</summary>
internal sealed class LogRecorder : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly List<(LogLevel Level, string Text)> _lines = [];

    /// <summary>The lines of level information and above.</summary>
    public string[] Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines.Where(line => line.Level >= LogLevel.Information).Select(line => line.Text)];
        }
    }

    public override string ToString()
    {
        lock (_lock)
            return string.Join('\n', _lines.Select(line => $"{line.Level}: {line.Text}"));
    }

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
                recorder._lines.Add((logLevel, formatter(state, exception)));
        }
    }
}
