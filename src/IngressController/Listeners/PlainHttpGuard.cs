using System.Buffers;
using System.Diagnostics;
using System.Text;
using IngressController.Pipeline;
using Microsoft.AspNetCore.Connections;

namespace IngressController.Listeners;

/// <summary>
/// Replies 400 in clear text to a client of the TLS port that does not speak TLS, as nginx does, instead of closing the connection without a
/// word. It looks at the first byte of a connection only.
/// </summary>
internal sealed partial class PlainHttpGuard(RequestMetrics metrics, ILogger<PlainHttpGuard> logger)
{
    /// <summary>The type of the record that begins every TLS connection (RFC 8446, 5.1): handshake.</summary>
    private const byte TlsHandshake = 0x16;

    /// <summary>The time limit for the first byte. That of the handshake, which follows, is the same.</summary>
    private static readonly TimeSpan FirstByteTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The time in which a client can read the reply before unread bytes reset its connection.</summary>
    private static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(1);

    private static readonly byte[] Body = LocalReplies.TextOf(StatusCodes.Status400BadRequest, "Bad Request", "this port serves HTTPS only; use https");

    private static readonly byte[] Head = Encoding.ASCII.GetBytes(
        $"HTTP/1.1 400 Bad Request\r\nContent-Type: {LocalReplies.TextType}\r\nCache-Control: no-store\r\nContent-Length: {Body.Length}\r\nConnection: close\r\n\r\n");

    /// <summary>Connection middleware before that of TLS.</summary>
    public ConnectionDelegate Check(ConnectionDelegate next) => async connection =>
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        timeout.CancelAfter(FirstByteTimeout);
        bool? isPlain;
        try
        {
            isPlain = await IsPlainAsync(connection, timeout.Token);
            if (isPlain == true)
                await RefuseAsync(connection, timeout);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // Too slow, or gone: there is no one to reply to.
            return;
        }

        if (isPlain != false)
            return;
        try
        {
            await next(connection);
        }
        catch (NotSupportedException error)
        {
            // What .NET throws for a ClientHello that it cannot read: it then asks for no certificate, and has none.
            Log.HandshakeFailed(logger, connection.RemoteEndPoint, error.Message);
        }
    };

    /// <summary>Returns null if the connection ends before its first byte.</summary>
    private static async ValueTask<bool?> IsPlainAsync(ConnectionContext connection, CancellationToken cancellation)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var result = await input.ReadAsync(cancellation);
            var first = result.Buffer.IsEmpty ? (byte?)null : result.Buffer.FirstSpan[0];
            // Nothing is consumed: TLS reads the same bytes.
            input.AdvanceTo(result.Buffer.Start);
            if (first is { } value)
                return value != TlsHandshake;
            if (result.IsCompleted)
                return null;
        }
    }

    private async Task RefuseAsync(ConnectionContext connection, CancellationTokenSource timeout)
    {
        Log.Refused(logger, connection.RemoteEndPoint);
        metrics.Unmatched.RequestEnded(StatusCodes.Status400BadRequest, Stopwatch.GetTimestamp());
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        var request = await input.ReadAsync(timeout.Token);
        var isHead = IsHead(request.Buffer);
        input.AdvanceTo(request.Buffer.End);
        output.Write(Head);
        await output.WriteAsync(isHead ? default : Body, timeout.Token);
        // Bytes that are not read before the end would reset the connection, and the reply with it.
        timeout.CancelAfter(LingerTimeout);
        while (!request.IsCompleted)
        {
            request = await input.ReadAsync(timeout.Token);
            input.AdvanceTo(request.Buffer.End);
        }
    }

    private static bool IsHead(ReadOnlySequence<byte> request) => request.FirstSpan.StartsWith("HEAD "u8);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "a client of the https port, {Peer}, does not speak TLS: 400")]
        public static partial void Refused(ILogger logger, System.Net.EndPoint? peer);

        [LoggerMessage(Level = LogLevel.Debug, Message = "the TLS handshake of {Peer} failed: {Reason}")]
        public static partial void HandshakeFailed(ILogger logger, System.Net.EndPoint? peer, string reason);
    }
}
