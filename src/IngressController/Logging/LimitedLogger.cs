using System.Collections.Concurrent;

namespace IngressController.Logging;

/// <summary>A logger that writes each kind of line at most once per second. Lines of one event with another type of exception are another kind.</summary>
internal sealed class LimitedLogger(ILogger inner, string category, TimeProvider time) : ILogger, IDisposable
{
    /// <summary>Its lines concern one connection and are caused by the client at its other end.</summary>
    private const string Http2Category = "Microsoft.AspNetCore.Server.Kestrel.Http2";

    private readonly ConcurrentDictionary<(int Event, Type? Error), LineLimit> _limits = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(LevelOf(logLevel));

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        logLevel = LevelOf(logLevel);
        if (!inner.IsEnabled(logLevel))
            return;
        var error = exception?.GetType();
        if (!_limits.TryGetValue((eventId.Id, error), out var limit))
            limit = _limits.GetOrAdd((eventId.Id, error), new LineLimit(inner, logLevel, eventId.Name ?? error?.Name ?? $"event {eventId.Id}", time));
        if (limit.TryTake())
            inner.Log(logLevel, eventId, state, exception, formatter);
    }

    public void Dispose()
    {
        foreach (var limit in _limits.Values)
            limit.Dispose();
    }

    /// <summary>Kestrel calls an attack over one HTTP/2 connection critical, but nothing else is affected.</summary>
    private LogLevel LevelOf(LogLevel level) => level == LogLevel.Critical && category == Http2Category ? LogLevel.Warning : level;
}
