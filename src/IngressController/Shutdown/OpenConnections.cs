using System.Collections.Concurrent;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace IngressController.Shutdown;

/// <summary>The connections of clients. Keeping them costs something per connection and nothing per request.</summary>
internal sealed partial class OpenConnections(ILogger<OpenConnections> logger)
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<Http2Client, bool> _http2 = new();
    private int _count;

    /// <summary>How many are open, after their TLS handshake.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Asks every HTTP/2 client for no new streams. HTTP/1.1 connections are not touched: one that is closed while nothing seems to
    /// happen on it may carry a request already, so they are told with their next response, and those that have none with Kestrel's end.
    /// </summary>
    public void Announce()
    {
        foreach (var (client, _) in _http2)
        {
            try
            {
                client.Announce();
            }
            catch (Exception error)
            {
                // Closed meanwhile, mostly: it needs no word of farewell, and the others still do.
                Log.Gone(logger, error.Message);
            }
        }
    }

    /// <summary>Lets HTTP/2 connections end that have nothing more to do, until the server has stopped.</summary>
    public async Task TickUntilAsync(Task stopped, TimeProvider time)
    {
        while (await Task.WhenAny(stopped, Task.Delay(TickInterval, time)) != stopped)
        {
            foreach (var (client, _) in _http2)
                Tick(client);
        }

        await stopped;
    }

    private void Tick(Http2Client client)
    {
        try
        {
            client.Tick();
        }
        catch (Exception error)
        {
            // Nothing else may end because of it, least of all the one who cuts what is left when the time is over.
            Log.NoTick(logger, error.Message);
        }
    }

    /// <summary>Connection middleware, after TLS where there is any: what it sees is HTTP.</summary>
    public ConnectionDelegate Keep(ConnectionDelegate next) => async connection =>
    {
        Interlocked.Increment(ref _count);
        try
        {
            if (connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol.Span.SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span) == true)
                await KeepHttp2Async(connection, next);
            else
                await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    };

    private async Task KeepHttp2Async(ConnectionContext connection, ConnectionDelegate next)
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
            client.Leave(connection);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "no GOAWAY for a connection that has ended: {Reason}")]
        public static partial void Gone(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Debug, Message = "a connection could not be looked after: {Reason}")]
        public static partial void NoTick(ILogger logger, string reason);
    }
}
