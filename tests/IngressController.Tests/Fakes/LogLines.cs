using Microsoft.Extensions.Logging;

namespace IngressController.Tests.Fakes;

/// <summary>Keeps what is logged, and lets tests wait for a line.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string[] All
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public int CountOf(string text) => All.Count(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>Waits until so many lines hold the text.</summary>
    public async Task WaitForAsync(string text, int count = 1)
    {
        while (true)
        {
            Task next;
            lock (_lock)
                next = _next.Task;
            if (CountOf(text) >= count)
                return;
            await next.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private void Add(string line)
    {
        lock (_lock)
        {
            _lines.Add(line);
            _next.TrySetResult();
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class Logger(LogLines lines, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add($"{logLevel} {category}: {formatter(state, exception)} {exception}");
    }
}
