using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using IngressController.Http2;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Http2;

/// <summary>What passes of the bytes of a client, in any parts.</summary>
public sealed class FrameFilterTests
{
    private const int MaxFrame = 16 << 10;

    private const int MaxString = 16 << 10;

    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Well_formed_frames_pass_unchanged_in_any_parts(int seed)
    {
        var random = new Random(seed);
        var encoder = new HpackTestEncoder(random);
        var sent = new List<byte>(Preface);
        for (var stream = 1; stream < 120; stream += 2)
        {
            AddOthers(sent, random);
            AddFrame(sent, 1, 0x5, stream, encoder.Encode(WellFormed(random)));
        }

        var received = await FilterAsync([.. sent], random);

        Assert.Equal(sent, received);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Malformed_requests_are_replaced_and_the_fields_of_all_others_arrive(int seed)
    {
        var random = new Random(seed);
        var encoder = new HpackTestEncoder(random);
        var sent = new List<byte>(Preface);
        var expected = new List<string>();
        for (var stream = 1; stream < 300; stream += 2)
        {
            AddOthers(sent, random);
            var fields = WellFormed(random);
            var isMalformed = random.Next(12) == 0;
            if (isMalformed)
                fields = [.. fields, ("x-Bad", "1"), .. fields[4..]];
            AddBlock(sent, random, stream, encoder.Encode(fields));
            expected.Add(isMalformed ? "malformed" : string.Join('|', fields.Select(field => $"{field.Name}: {field.Value}")));
        }

        var received = await FilterAsync([.. sent], random);

        Assert.Equal(expected, BlocksOf(received));
        Assert.Equal(FramesOf([.. sent]).Where(IsOther), FramesOf(received).Where(IsOther));

        static bool IsOther((int Type, int Flags, int Stream, string Payload) frame) => frame.Type is not (1 or 9);
    }

    [Fact]
    public async Task Block_in_several_frames_is_announced_at_once_and_passes_when_complete()
    {
        var (client, filter) = Start();
        await client.Writer.WriteAsync((byte[])[.. Preface, .. Frame(1, 0x1, 1, [0x82, 0x87])]);

        // Kestrel's time limit for the block begins with its first frame.
        Assert.Equal((1, 0x1, 1, ""), Assert.Single(FramesOf(await ReadAsync(filter, Preface.Length + 9))));
        await client.Writer.WriteAsync(Frame(9, 0x4, 1, [0x84]));
        Assert.Equal((9, 0x4, 1, "828784"), Assert.Single(FramesOf([.. Preface, .. await ReadAsync(filter, 12)])));
    }

    /// <summary>What ends a connection by RFC 9113 reaches Kestrel so that it does, and nothing behind it is served.</summary>
    [Theory]
    [InlineData("000001010500000001 80", "an invalid block")]
    [InlineData("000001010100000001 82 000001090400000001 80", "an invalid block in two frames")]
    [InlineData("000001010500000001 40", "a block that ends within a field")]
    [InlineData("000001010100000001 82 000001090400000003 82", "CONTINUATION of another stream")]
    [InlineData("000001010100000001 82 000008060000000000 0000000000000000", "PING within a block")]
    [InlineData("000001010100000001 82 000001010500000003 82", "HEADERS within a block")]
    [InlineData("000001090400000001 82", "CONTINUATION without HEADERS")]
    [InlineData("000001010500000002 82", "an even stream")]
    [InlineData("000002010d00000001 0282", "padding beyond the frame")]
    [InlineData("000004012500000001 00000000", "priority beyond the frame")]
    [InlineData("004001010500000001", "a frame beyond the limit")]
    public async Task Errors_of_the_connection_stay_errors_of_the_connection(string frames, string reason)
    {
        var later = Frame(1, 0x5, 5, [0x82, 0x87, 0x84]);

        var received = await FilterAsync([.. Preface, .. Convert.FromHexString(frames.Replace(" ", "", StringComparison.Ordinal)), .. later], new Random(1));

        // PUSH_PROMISE, which no server accepts.
        var stop = Frame(5, 0, 1, []);
        var at = received.AsSpan().IndexOf(stop);
        Assert.True(at > 0, $"{reason}: {Convert.ToHexString(received)}");
        Assert.True(received.AsSpan(at + stop.Length).SequenceEqual(later), reason);
    }

    [Fact]
    public async Task Block_without_end_is_cut_at_its_limit_and_held_within_it()
    {
        var (client, filter) = Start();
        var received = new List<byte>();
        await client.Writer.WriteAsync((byte[])[.. Preface, .. Frame(1, 0x1, 1, [0x82])]);
        received.AddRange(await ReadAsync(filter, Preface.Length + 9));
        for (var sent = 0; sent <= 4 * MaxString; sent += 1000)
        {
            // A string that never ends.
            await client.Writer.WriteAsync(Frame(9, 0, 1, sent == 0 ? [0, 1, (byte)'x', 0x7F, 0x81, 0x7F, .. new byte[994]] : new byte[1000]));
        }

        Assert.Equal(Frame(5, 0, 1, []), await ReadAsync(filter, 9));
    }

    [Fact]
    public async Task Any_bytes_pass_or_end_the_connection()
    {
        var random = new Random(11);
        for (var i = 0; i < 2_000; i++)
        {
            var bytes = new List<byte>(Preface);
            for (var frame = 0; frame < 5; frame++)
            {
                var payload = new byte[random.Next(40)];
                random.NextBytes(payload);
                AddFrame(bytes, random.Next(3) == 0 ? 9 : 1, random.Next(64), 1 + random.Next(6), payload);
            }

            await FilterAsync([.. bytes], random);
        }
    }

    private static (string Name, string Value)[] WellFormed(Random random) =>
    [
        (":method", random.Next(2) == 0 ? "GET" : "POST"), (":scheme", "https"), (":path", $"/{random.Next(30)}"), (":authority", "a.example"),
        .. Enumerable.Range(0, random.Next(8)).Select(_ => HpackDecoderTests.FieldOf(random)).Where(field => field.Name[0] != ':')
            .Select(field => (field.Name, string.Concat(field.Value.Where(c => c is not ('\0' or '\r' or '\n'))).Trim(' ', '\t'))),
    ];

    /// <summary>DATA, PING, and frames that no one knows.</summary>
    private static void AddOthers(List<byte> bytes, Random random)
    {
        for (var i = random.Next(3); i > 0; i--)
        {
            var payload = new byte[random.Next(3) == 0 ? random.Next(MaxFrame) : random.Next(30)];
            random.NextBytes(payload);
            AddFrame(bytes, random.Next(3) switch { 0 => 0, 1 => 6, _ => 200 }, random.Next(256), random.Next(100), payload);
        }
    }

    private static void AddBlock(List<byte> bytes, Random random, int stream, byte[] block)
    {
        var parts = random.Next(2) == 0 || block.Length > MaxFrame ? HpackDecoderTests.Split(block, random) : [block];
        var padding = random.Next(3) == 0 ? random.Next(20) : -1;
        for (var i = 0; i < parts.Length; i++)
        {
            var flags = (i == 0 ? 1 : 0) | (i == parts.Length - 1 ? 4 : 0);
            if (i > 0)
                AddFrame(bytes, 9, flags, stream, parts[i]);
            else if (padding < 0 || parts[i].Length == 0)
                AddFrame(bytes, 1, flags | 0x20, stream, [0, 0, 0, 0, 16, .. parts[i]]);
            else
                AddFrame(bytes, 1, flags | 0x8, stream, [(byte)padding, .. parts[i], .. new byte[padding]]);
        }
    }

    private static void AddFrame(List<byte> bytes, int type, int flags, int stream, byte[] payload) => bytes.AddRange(Frame(type, flags, stream, payload));

    private static byte[] Frame(int type, int flags, int stream, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, (byte)type, (byte)flags, 0, 0, (byte)(stream >> 8), (byte)stream, .. payload];

    private static IEnumerable<(int Type, int Flags, int Stream, string Payload)> FramesOf(byte[] bytes)
    {
        for (var at = Preface.Length; at < bytes.Length;)
        {
            var length = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
            yield return (bytes[at + 3], bytes[at + 4], (bytes[at + 7] << 8) | bytes[at + 8], Convert.ToHexString(bytes.AsSpan(at + 9, length)));
            at += 9 + length;
        }
    }

    /// <summary>The header blocks as a server with a table of its own decodes them.</summary>
    private static List<string> BlocksOf(byte[] bytes)
    {
        var decoder = new HpackDecoder(4096, MaxString);
        var blocks = new List<string>();
        var block = new List<byte>();
        foreach (var (type, flags, _, payload) in FramesOf(bytes).Where(frame => frame.Type is 1 or 9))
        {
            new FrameHead(payload.Length / 2, (FrameType)type, (byte)flags, 1).TryGetFragment(Convert.FromHexString(payload), out var part, out _);
            block.AddRange(type == 9 ? Convert.FromHexString(payload) : part);
            if ((flags & 4) == 0)
                continue;
            ReadOnlySpan<byte> rest = block.ToArray();
            var fields = new List<string>();
            decoder.Begin();
            while (decoder.Read(ref rest, out var field) == HpackStatus.Field)
                fields.Add($"{Encoding.Latin1.GetString(field.Name)}: {Encoding.Latin1.GetString(field.Value)}");
            Assert.True(rest.IsEmpty);
            blocks.Add(fields[0].StartsWith(":method: malformed-", StringComparison.Ordinal) ? "malformed" : string.Join('|', fields));
            block.Clear();
        }

        return blocks;
    }

    private static (Pipe Client, FrameFilter Filter) Start()
    {
        var client = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        var fields = new FieldBlock(100, MaxString);
        return (client, new FrameFilter(client.Reader, new HeaderBlocks(new HpackDecoder(4096, MaxString), fields, new OpenStreams((_, _) => false, _ => { }), 4 * MaxString, MaxFrame), MaxFrame));
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(15, false)]
    [InlineData(17, true)]
    [InlineData(12_000, true)]
    public async Task Block_that_decodes_to_four_times_the_limit_ends_the_connection(int references, bool ends)
    {
        // A field of 4,001 bytes goes into the table; each byte after it refers to it again.
        byte[] entry = [0x40, 1, (byte)'x', 0x7F, .. Integer(4000 - 0x7F), .. Enumerable.Repeat((byte)'y', 4000)];
        var sent = new List<byte>(Preface);
        AddFrame(sent, 1, 0x5, 1, [0x82, 0x87, 0x84, 0x01, 1, (byte)'h', .. entry, .. Enumerable.Repeat((byte)0xBE, references)]);
        AddFrame(sent, 1, 0x5, 3, [0x82, 0x87, 0x84, 0x01, 1, (byte)'h']);

        var received = await FilterAsync([.. sent], new Random(1));

        // PUSH_PROMISE: no server accepts it, so nothing is served of what follows.
        Assert.Equal(ends ? [1, 5, 1] : [1, 1], FramesOf(received).Select(frame => frame.Type));
    }

    private static byte[] Integer(int value) => value < 128 ? [(byte)value] : [(byte)(value | 0x80), .. Integer(value >> 7)];

    /// <summary>Sends bytes in parts of any size, and reads what passes in parts of any size.</summary>
    private static async Task<byte[]> FilterAsync(byte[] bytes, Random random)
    {
        var (client, filter) = Start();
        var parts = HpackDecoderTests.Split(bytes, random);
        var sending = SendAsync(client.Writer, parts);
        var received = new List<byte>();
        while (true)
        {
            var read = random.Next(2) == 0 && filter.TryRead(out var result) ? result : await filter.ReadAsync();
            var taken = read.Buffer.Slice(0, random.Next(2) == 0 ? read.Buffer.Length : random.NextInt64(read.Buffer.Length + 1));
            received.AddRange(taken.ToArray());
            filter.AdvanceTo(taken.End);
            if (read.IsCompleted && read.Buffer.Length == taken.Length)
                break;
        }

        await sending;
        return [.. received];
    }

    private static async Task SendAsync(PipeWriter writer, byte[][] parts)
    {
        foreach (var part in parts)
        {
            await writer.WriteAsync(part);
            await Task.Yield();
        }

        await writer.CompleteAsync();
    }

    private static async Task<byte[]> ReadAsync(FrameFilter filter, int count)
    {
        var received = new List<byte>();
        while (received.Count < count)
        {
            var read = await filter.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15));
            received.AddRange(read.Buffer.ToArray());
            filter.AdvanceTo(read.Buffer.End);
        }

        return [.. received];
    }
}
