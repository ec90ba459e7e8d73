using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace IngressController.Shutdown;

/// <summary>The connections of clients. Keeping them costs something per connection and nothing per request.</summary>
internal sealed partial class OpenConnections(ILogger<OpenConnections> logger)
{
    private readonly ConcurrentDictionary<GoAwayWriter, bool> _http2 = new();
    private int _count;

    /// <summary>How many are open, after their TLS handshake.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Asks every HTTP/2 client for no new streams. HTTP/1.1 connections are not touched: one that is closed while nothing seems to
    /// happen on it may carry a request already, so they are told with their next response, and those that have none with Kestrel's end.
    /// </summary>
    public void Announce()
    {
        foreach (var (connection, _) in _http2)
        {
            try
            {
                connection.Announce();
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                // Closed meanwhile: it needs no word of farewell, and the others still do.
                Log.Gone(logger, error.Message);
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
        var transport = connection.Transport;
        var writer = new GoAwayWriter(transport.Output);
        connection.Transport = new WrittenThrough(transport.Input, writer);
        // Its requests find it there.
        connection.Features.Set(writer);
        _http2[writer] = true;
        try
        {
            await next(connection);
        }
        finally
        {
            _http2.TryRemove(writer, out _);
            connection.Transport = transport;
        }
    }

    private sealed record WrittenThrough(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "no GOAWAY for a connection that has ended: {Reason}")]
        public static partial void Gone(ILogger logger, string reason);
    }
}
