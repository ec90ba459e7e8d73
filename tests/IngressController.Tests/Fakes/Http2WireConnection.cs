using System.Buffers.Binary;
using System.Net.Security;
using System.Text;

namespace IngressController.Tests.Fakes;

/// <summary>One HTTP/2 frame as it came over the wire.</summary>
internal sealed record Http2Frame(Http2FrameType Type, byte Flags, int Stream, byte[] Payload)
{
    /// <summary>The last stream that a GOAWAY names, and its error code.</summary>
    public (int LastStream, int Error) GoAway() => (BinaryPrimitives.ReadInt32BigEndian(Payload), BinaryPrimitives.ReadInt32BigEndian(Payload.AsSpan(4)));

    /// <summary>The payload as Latin-1.</summary>
    public string Text => Encoding.Latin1.GetString(Payload);

    public bool EndsStream => Type is Http2FrameType.Data or Http2FrameType.Headers && (Flags & 1) != 0;
}

internal enum Http2FrameType : byte
{
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
}

/// <summary>One end of an HTTP/2 connection that sends what a test says and shows every frame that comes.</summary>
internal sealed class Http2WireConnection(WireConnection connection) : IAsyncDisposable
{
    /// <summary>2^31-1: a GOAWAY with it refuses no stream.</summary>
    public const int AnyStream = int.MaxValue;

    /// <summary>How a client asks for HTTP/2; it accepts any certificate.</summary>
    public static SslClientAuthenticationOptions Tls => new()
    {
        TargetHost = "localhost",
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
    };

    /// <summary>SETTINGS_INITIAL_WINDOW_SIZE of 0: no byte of a body can be sent before the window of its stream is opened.</summary>
    public static byte[] NoWindow => [0, 4, 0, 0, 0, 0];

    /// <summary>Connects, and returns when both sides have said their settings.</summary>
    /// <param name="port">The port.</param>
    /// <param name="settings">The payload of the client's SETTINGS.</param>
    public static async Task<Http2WireConnection> ConnectAsync(int port, byte[]? settings = null)
    {
        var connection = new Http2WireConnection(await WireConnection.ConnectAsync(port, Tls));
        await connection.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await connection.SendAsync(Http2FrameType.Settings, 0, 0, settings ?? []);
        // Acknowledged after the server has sent its own, so all that belongs to the beginning has come then.
        while (await connection.ReadAsync() is not { Type: Http2FrameType.Settings, Flags: 1 })
        {
        }

        return connection;
    }

    /// <summary>Serves an accepted connection, and returns when the client has acknowledged the settings.</summary>
    public static async Task<Http2WireConnection> AcceptAsync(WireConnection accepted)
    {
        Assert.Equal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", await accepted.ReadTextAsync(24));
        var connection = new Http2WireConnection(accepted);
        await connection.SendAsync(Http2FrameType.Settings, 0, 0, []);
        await connection.SendAsync(Http2FrameType.Settings, 1, 0, []);
        return connection;
    }

    /// <summary>Sends a GET without a body.</summary>
    public Task GetAsync(int stream, string host) =>
        // Indexed: GET, https, /; a literal for :authority.
        SendAsync(Http2FrameType.Headers, 0x5, stream, [0x82, 0x87, 0x84, 0x01, (byte)host.Length, .. Encoding.ASCII.GetBytes(host)]);

    /// <summary>Sends a GET with the given fields, each as a literal of its own; the head is split into frames as needed.</summary>
    public Task GetAsync(int stream, string host, string scheme, IEnumerable<(string Name, string Value)> fields) =>
        RequestAsync(stream, "GET", host, scheme, fields);

    /// <summary>Sends a request without a body.</summary>
    public Task RequestAsync(int stream, string method, string host, string scheme, IEnumerable<(string Name, string Value)> fields, string path = "/") =>
        HeadAsync(stream, [(":path", path), (":method", method), (":scheme", scheme), (":authority", host), .. fields]);

    /// <summary>Sends a header block of these fields, each as a literal of its own; it is split into frames as needed.</summary>
    public Task HeadAsync(int stream, IEnumerable<(string Name, string Value)> fields, bool endsStream = true)
    {
        var block = new List<byte>();
        foreach (var (name, value) in fields)
        {
            block.Add(0);
            AddText(block, name);
            AddText(block, value);
        }

        return BlockAsync(stream, [.. block], endsStream);
    }

    /// <summary>Sends a header block, split into frames of a maximum size.</summary>
    public async Task BlockAsync(int stream, byte[] block, bool endsStream = true, int maxFrame = 16_000)
    {
        for (var start = 0; start == 0 || start < block.Length; start += maxFrame)
        {
            var part = block.Skip(start).Take(maxFrame).ToArray();
            var isLast = start + part.Length == block.Length;
            var flags = (byte)((start == 0 && endsStream ? 1 : 0) | (isLast ? 4 : 0));
            await SendAsync(start == 0 ? Http2FrameType.Headers : Http2FrameType.Continuation, flags, stream, part);
        }
    }

    /// <summary>Appends a string of HPACK without compression (RFC 7541, 5.1 and 5.2).</summary>
    public static void AddText(List<byte> head, string text)
    {
        if (text.Length < 127)
        {
            head.Add((byte)text.Length);
        }
        else
        {
            head.Add(127);
            var rest = text.Length - 127;
            for (; rest >= 128; rest /= 128)
                head.Add((byte)(rest % 128 + 128));
            head.Add((byte)rest);
        }

        head.AddRange(Encoding.Latin1.GetBytes(text));
    }

    /// <summary>The next frame but for those of flow control and settings; null when the server has closed the connection.</summary>
    public async Task<Http2Frame?> ReadSignificantAsync()
    {
        while (true)
        {
            var frame = await ReadAsync();
            if (frame is not { Type: Http2FrameType.Settings or Http2FrameType.WindowUpdate })
                return frame;
        }
    }

    /// <summary>Reads until each of these streams has ended, by its last frame or a reset; returns the frames of all.</summary>
    public async Task<Http2Frame[]> ReadUntilEndedAsync(params int[] streams)
    {
        var frames = new List<Http2Frame>();
        while (!streams.All(stream => frames.Exists(frame => frame.Stream == stream && (frame.EndsStream || frame.Type == Http2FrameType.RstStream))))
        {
            var frame = await ReadSignificantAsync() ?? throw new EndOfStreamException($"closed before the end of {string.Join(", ", streams)}: {string.Join(" ", frames)}");
            if (frame.Type == Http2FrameType.GoAway)
                throw new EndOfStreamException($"GOAWAY with error {frame.GoAway().Error} after stream {frame.GoAway().LastStream}");
            frames.Add(frame);
        }

        return [.. frames];
    }

    /// <summary>Reads frames until a stream ends; returns all of them.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="giveCredit">Whether the windows stay open, for bodies that are larger than they are.</param>
    public async Task<Http2Frame[]> ReadToEndOfAsync(int stream, bool giveCredit = false)
    {
        var frames = new List<Http2Frame>();
        do
        {
            var frame = await ReadSignificantAsync() ?? throw new EndOfStreamException($"closed before the end of stream {stream}");
            frames.Add(frame);
            if (giveCredit && frame is { Type: Http2FrameType.Data, Payload.Length: > 0 })
            {
                foreach (var window in frame.EndsStream ? [0] : new[] { 0, stream })
                    await SendAsync(Http2FrameType.WindowUpdate, 0, window, BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(frame.Payload.Length)));
            }
        }
        while (!IsLast(frames[^1]));
        return [.. frames];

        bool IsLast(Http2Frame frame) => frame.Stream == stream && frame.EndsStream;
    }

    /// <summary>Lets the server send more bytes on a stream, or with stream 0 on all together.</summary>
    public Task OpenWindowAsync(int stream, int bytes) => SendAsync(Http2FrameType.WindowUpdate, 0, stream, BigEndian(bytes));

    private static byte[] BigEndian(int value) => BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(value));

    /// <summary>Closes with RST instead of FIN, as a crashed process does.</summary>
    public void Reset() => connection.Reset();

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    public async Task<Http2Frame?> ReadAsync()
    {
        string first;
        try
        {
            first = await connection.ReadTextAsync(9);
        }
        catch (EndOfStreamException end) when (end.Message.StartsWith("closed after 0 ", StringComparison.Ordinal))
        {
            return null;
        }

        var head = Encoding.Latin1.GetBytes(first);
        var length = (head[0] << 16) | (head[1] << 8) | head[2];
        return new Http2Frame(
            (Http2FrameType)head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), Encoding.Latin1.GetBytes(await connection.ReadTextAsync(length)));
    }

    public Task SendAsync(Http2FrameType type, byte flags, int stream, byte[] payload) => SendAsync(Frame(type, flags, stream, payload));

    /// <summary>The bytes of one frame.</summary>
    public static byte[] Frame(Http2FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[1], frame[2], frame[3], frame[4]) = ((byte)(payload.Length >> 8), (byte)payload.Length, (byte)type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>Sends bytes as they are.</summary>
    public Task SendAsync(byte[] bytes) => connection.SendAsync(Encoding.Latin1.GetString(bytes));
}
