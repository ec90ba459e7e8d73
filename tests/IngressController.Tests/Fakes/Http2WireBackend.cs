using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Security;
using System.Text;

namespace IngressController.Tests.Fakes;

/// <summary>A request of an HTTP/2 connection: its stream, and its body as text (Latin-1).</summary>
internal sealed record Http2WireRequest(int Stream, string Body);

/// <summary>The backend's end of one HTTP/2 connection. Requests are shown when they are complete.</summary>
internal sealed class Http2WireServer(Http2WireConnection connection)
{
    private const int MaxFrame = 16 * 1024;

    public const int NoError = 0;

    public const int RefusedStream = 7;

    private readonly Dictionary<int, StringBuilder> _bodies = [];
    private readonly Dictionary<int, Http2Frame> _heads = [];

    /// <summary>The streams whose headers came, in order.</summary>
    public IReadOnlyCollection<int> Streams => _bodies.Keys;

    /// <summary>The first HEADERS frame of a stream. The proxy does not compress the values in it.</summary>
    public Http2Frame HeadOf(int stream) => _heads[stream];

    /// <summary>Waits for the headers of a new stream; its body may follow.</summary>
    public async Task<int> ReadHeadersAsync()
    {
        while (await connection.ReadAsync() is { } frame)
        {
            if (await KeepAsync(frame) && frame.Type == Http2FrameType.Headers)
                return frame.Stream;
        }

        throw new EndOfStreamException("closed before a request");
    }

    /// <summary>The next request that is complete; null when the proxy has closed the connection.</summary>
    public async Task<Http2WireRequest?> ReadRequestAsync()
    {
        while (await connection.ReadAsync() is { } frame)
        {
            if (await KeepAsync(frame) && frame.EndsStream)
                return new Http2WireRequest(frame.Stream, _bodies[frame.Stream].ToString());
        }

        return null;
    }

    /// <summary>Reads on until the proxy closes the connection.</summary>
    public async Task ReadToEndAsync()
    {
        while (await connection.ReadAsync() is { } frame)
            await KeepAsync(frame);
    }

    /// <summary>Status 200 with a body; for gRPC with the status in trailers.</summary>
    public async Task AnswerAsync(int stream, string body, bool isGrpc = false)
    {
        byte[] head = isGrpc ? [0x88, .. Field("content-type", "application/grpc")] : [0x88];
        await connection.SendAsync(Http2FrameType.Headers, 0x4, stream, head);
        var rest = Encoding.Latin1.GetBytes(body);
        for (; rest.Length > MaxFrame; rest = rest[MaxFrame..])
            await connection.SendAsync(Http2FrameType.Data, 0, stream, rest[..MaxFrame]);
        await connection.SendAsync(Http2FrameType.Data, (byte)(isGrpc ? 0 : 1), stream, rest);
        if (isGrpc)
            await connection.SendAsync(Http2FrameType.Headers, 0x5, stream, Field("grpc-status", "0"));
    }

    /// <summary>The frames of the head of a response, and of a first part of its body.</summary>
    public static byte[] Begin(int stream, int status, string part, params (string Name, string Value)[] fields) =>
        [.. Head(stream, status, endsStream: false, fields), .. Http2WireConnection.Frame(Http2FrameType.Data, 0, stream, Encoding.Latin1.GetBytes(part))];

    /// <summary>The frames of a whole response.</summary>
    public static byte[] Whole(int stream, int status, string body, params (string Name, string Value)[] fields) => body.Length == 0
        ? Head(stream, status, endsStream: true, fields)
        : [.. Head(stream, status, endsStream: false, fields), .. Http2WireConnection.Frame(Http2FrameType.Data, 1, stream, Encoding.Latin1.GetBytes(body))];

    /// <summary>The frame that resets a stream.</summary>
    public static byte[] Reset(int stream, int error) => Http2WireConnection.Frame(Http2FrameType.RstStream, 0, stream, Number(error));

    /// <summary>The frame after which a connection takes no more streams.</summary>
    public static byte[] GoAway(int lastStream, int error) => Http2WireConnection.Frame(Http2FrameType.GoAway, 0, 0, [.. Number(lastStream), .. Number(error)]);

    /// <summary>Sends several frames at once.</summary>
    public Task SendAsync(params byte[][] frames) => connection.SendAsync([.. frames.SelectMany(frame => frame)]);

    /// <summary>Ends the connection as a crashed process does.</summary>
    public void Cut() => connection.Reset();

    /// <summary>Any status, with a body.</summary>
    public async Task AnswerAsync(int stream, string body, int status)
    {
        await connection.SendAsync(Http2FrameType.Headers, 0x4, stream, Field(":status", $"{status:000}"));
        await connection.SendAsync(Http2FrameType.Data, 1, stream, Encoding.Latin1.GetBytes(body));
    }

    public Task ResetAsync(int stream, int error) => connection.SendAsync(Http2FrameType.RstStream, 0, stream, Number(error));

    public Task GoAwayAsync(int lastStream, int error = NoError) =>
        connection.SendAsync(Http2FrameType.GoAway, 0, 0, [.. Number(lastStream), .. Number(error)]);

    private async Task<bool> KeepAsync(Http2Frame frame)
    {
        if (frame is { Type: Http2FrameType.Ping, Flags: 0 })
            await connection.SendAsync(Http2FrameType.Ping, 1, 0, frame.Payload);
        if (frame.Type == Http2FrameType.Headers && _bodies.TryAdd(frame.Stream, new StringBuilder()))
            _heads.Add(frame.Stream, frame);
        if (frame.Type == Http2FrameType.Data)
            await KeepDataAsync(frame);
        return frame.Type is Http2FrameType.Headers or Http2FrameType.Data;
    }

    private async Task KeepDataAsync(Http2Frame frame)
    {
        _bodies[frame.Stream].Append(Encoding.Latin1.GetString(frame.Payload));
        // The windows stay open.
        foreach (var window in frame.Payload.Length == 0 ? [] : frame.EndsStream ? [0] : new[] { 0, frame.Stream })
            await connection.SendAsync(Http2FrameType.WindowUpdate, 0, window, Number(frame.Payload.Length));
    }

    private static byte[] Head(int stream, int status, bool endsStream, (string Name, string Value)[] fields) => Http2WireConnection.Frame(
        Http2FrameType.Headers, (byte)(endsStream ? 5 : 4), stream, [.. Field(":status", $"{status:000}"), .. fields.SelectMany(field => Field(field.Name, field.Value))]);

    private static byte[] Field(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}

/// <summary>An HTTP/2 backend that does with each connection exactly what a test says.</summary>
internal static class Http2WireBackend
{
    /// <summary>Serves the connections in order: the first one by the first function, all later ones by the last.</summary>
    public static WireBackend Start(params Func<Http2WireServer, Task>[] serve) => WireBackend.Start(InOrder(serve));

    /// <summary>As <see cref="Start"/>, over TLS.</summary>
    public static WireBackend StartTls(params Func<Http2WireServer, Task>[] serve) => WireBackend.StartTls(InOrder(serve), SslApplicationProtocol.Http2);

    private static Func<WireConnection, Task> InOrder(Func<Http2WireServer, Task>[] serve)
    {
        var connections = 0;
        return async accepted =>
        {
            var index = Math.Min(Interlocked.Increment(ref connections), serve.Length) - 1;
            await serve[index](new Http2WireServer(await Http2WireConnection.AcceptAsync(accepted)));
        };
    }

    /// <summary>Answers each request with its body, and keeps it.</summary>
    public static Func<Http2WireServer, Task> Echo(ConcurrentQueue<Http2WireRequest> received) => async server =>
    {
        while (await server.ReadRequestAsync() is { } request)
        {
            received.Enqueue(request);
            await server.AnswerAsync(request.Stream, request.Body);
        }
    };
}
