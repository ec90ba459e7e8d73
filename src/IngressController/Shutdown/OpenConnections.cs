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
    public void Announce() => Each(client => client.Announce());

    /// <summary>Lets HTTP/2 connections end that have nothing more to do, until the server has stopped.</summary>
    public async Task TickUntilAsync(Task stopped, TimeProvider time)
    {
        while (await Task.WhenAny(stopped, Task.Delay(TickInterval, time)) != stopped)
        {
            Each(client => client.Tick());
        }

        await stopped;
    }

    /// <summary>One that fails, mostly as it has been closed meanwhile, keeps nothing from the others, nor from who cuts what is left when the time is over.</summary>
    private void Each(Action<Http2Client> act)
    {
        foreach (var (client, _) in _http2)
        {
            try
            {
                act(client);
            }
            catch (Exception error)
            {
                Log.Failed(logger, error.Message);
            }
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
        [LoggerMessage(Level = LogLevel.Debug, Message = "an HTTP/2 connection could not be looked after: {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
