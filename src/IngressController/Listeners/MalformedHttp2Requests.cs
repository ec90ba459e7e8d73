using System.IO.Pipelines;
using IngressController.Configuration;
using IngressController.Exchanges;
using IngressController.Http;
using IngressController.Http2;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Listeners;

/// <summary>
/// Keeps malformed requests of HTTP/2 from Kestrel, which would end the connection for most of them, and with it the requests in flight:
/// behind a CDN those of other people. The pipeline refuses them instead. Floods of frames end their connection.
/// </summary>
internal static class MalformedHttp2Requests
{
    /// <summary>A string that is longer when encoded has at least 4,369 bytes when decoded: it never fits into the dynamic table.</summary>
    private const int MinMaxString = 16 << 10;

    /// <summary>How much longer than the limit of a request's fields a header block may be that is answered, and does not end the connection.</summary>
    private const int MaxBlockFactor = 4;

    /// <summary>The maximum length of an encoded name or value, also for Kestrel.</summary>
    public static int MaxString(ListenerOptions options) => Math.Max(options.MaxRequestHeaderSize, MinMaxString);

    /// <summary>Connection middleware after that of TLS.</summary>
    public static ConnectionDelegate Use(ConnectionDelegate next, ListenerOptions options, Http2Limits limits, Http2Floods floods) => connection =>
    {
        if (connection.IsHttp2)
            connection.ReadThrough(input => Filter(connection, input, options, limits, floods.LimitOf(connection)));
        return next(connection);
    };

    private static FrameFilter Filter(ConnectionContext connection, PipeReader input, ListenerOptions options, Http2Limits limits, FrameFloodLimit flood)
    {
        var client = connection.Features.GetRequiredFeature<ClientConnection>();
        var streams = new OpenStreams(client.TryRefuse, client.EndResponse);
        var maxString = MaxString(options);
        var decoder = new HpackDecoder(limits.HeaderTableSize, maxString);
        var fields = new FieldBlock(options.MaxRequestHeaderFields, options.MaxRequestHeaderSize);
        var blocks = new HeaderBlocks(decoder, fields, streams, MaxBlockFactor * maxString, limits.MaxFrameSize);
        return new FrameFilter(input, blocks, limits.MaxFrameSize, flood);
    }
}
