using System.Net;
using IngressController.Http2;
using IngressController.Signals;
using Microsoft.AspNetCore.Connections;

namespace IngressController.Listeners;

/// <summary>Ends HTTP/2 connections that are flooded with frames, and logs how many those are.</summary>
internal sealed partial class Http2Floods(TimeProvider time, ILogger<Http2Floods> logger)
{
    private readonly FailureLogLimit _log = new(time, logger);

    /// <summary>The limit of one connection.</summary>
    public FrameFloodLimit LimitOf(ConnectionContext connection) => new(time, () =>
    {
        if (_log.TryTake(0, out var suppressed))
            Log.Flooded(logger, connection.RemoteEndPoint, suppressed);
    });

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "an HTTP/2 connection of {Peer} is ended: it is flooded with frames that carry nothing ({Suppressed} more since the last line)")]
        public static partial void Flooded(ILogger logger, EndPoint? peer, long suppressed);
    }
}
