using System.Collections.Concurrent;
using IngressController.Http;
using Microsoft.AspNetCore.Connections;

namespace IngressController.Shutdown;

/// <summary>The open connections of clients. Tracking them has a cost per connection and none per request.</summary>
internal sealed partial class OpenConnections(ILogger<OpenConnections> logger)
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<Http2Client, bool> _http2 = new();
    private int _count;

    /// <summary>Number of open connections, counted after their TLS handshake.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Asks every HTTP/2 client to open no new streams. HTTP/1.1 connections are not affected: an idle connection may already carry a
    /// request when it is closed. Their next response closes them, and Kestrel closes those without one when it stops.
    /// </summary>
    public void SendGoAway() => ForEach(client => client.SendGoAway());

    /// <summary>Closes HTTP/2 connections without streams, until the server has stopped.</summary>
    public async Task TickUntilAsync(Task stopped, TimeProvider time)
    {
        while (await Task.WhenAny(stopped, Task.Delay(TickInterval, time)) != stopped)
        {
            ForEach(client => client.Tick());
        }

        await stopped;
    }

    /// <summary>
    /// Calls an action for each connection. A failing one, mostly because it was closed meanwhile, affects neither the others nor the
    /// shutdown.
    /// </summary>
    private void ForEach(Action<Http2Client> action)
    {
        foreach (var (client, _) in _http2)
        {
            try
            {
                action(client);
            }
            catch (Exception error)
            {
                Log.Failed(logger, error.Message);
            }
        }
    }

    /// <summary>Connection middleware that tracks connections. It runs after TLS, if any, so that it sees plain HTTP.</summary>
    public ConnectionDelegate Track(ConnectionDelegate next) => async connection =>
    {
        Interlocked.Increment(ref _count);
        try
        {
            if (connection.IsHttp2)
                await TrackHttp2Async(connection, next);
            else
                await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    };

    private async Task TrackHttp2Async(ConnectionContext connection, ConnectionDelegate next)
    {
        var client = new Http2Client(connection);
        _http2[client] = true;
        try
        {
            await next(connection);
        }
        finally
        {
            _http2.TryRemove(client, out _);
            client.Detach(connection);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "an HTTP/2 connection could not be drained: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
