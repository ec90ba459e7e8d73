using System.Text;
using IngressController.Http2;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Http2;

/// <summary>HPACK: the examples of RFC 7541, an independent encoder, and bytes that are none.</summary>
public sealed class HpackDecoderTests
{
    /// <summary>RFC 7541, appendix C: the blocks of one connection, and their fields.</summary>
    public static TheoryData<string, int, string, string> Examples { get; } = new()
    {
        { "C.2.1", 4096, "400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key: custom-header" },
        { "C.2.2", 4096, "040c2f73616d706c652f70617468", ":path: /sample/path" },
        { "C.2.3", 4096, "100870617373776f726406736563726574", "password: secret" },
        { "C.2.4", 4096, "82", ":method: GET" },
        { "C.3", 4096, "828684410f7777772e6578616d706c652e636f6d 828684be58086e6f2d6361636865 828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", Requests },
        { "C.4", 4096, "828684418cf1e3c2e5f23a6ba0ab90f4ff 828684be5886a8eb10649cbf 828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", Requests },
        {
            "C.5", 256,
            "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d "
            + "4803333037c1c0bf "
            + "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
            Responses
        },
        {
            "C.6", 256,
            "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3 "
            + "4883640effc1c0bf "
            + "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
            Responses
        },
    };

    private const string Requests =
        ":method: GET|:scheme: http|:path: /|:authority: www.example.com\n"
        + ":method: GET|:scheme: http|:path: /|:authority: www.example.com|cache-control: no-cache\n"
        + ":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value";

    private const string Responses =
        ":status: 302|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com\n"
        + ":status: 307|cache-control: private|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com\n"
        + ":status: 200|cache-control: private|date: Mon, 21 Oct 2013 20:13:22 GMT|location: https://www.example.com|content-encoding: gzip"
        + "|set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";

    [Theory]
    [MemberData(nameof(Examples))]
    public void Examples_of_the_RFC_are_decoded(string example, int tableSize, string blocks, string expected)
    {
        Assert.NotEmpty(example);
        var decoder = new HpackDecoder(tableSize, 16 << 10);

        var decoded = blocks.Split(' ').Select(block => string.Join('|', Decode(decoder, [Convert.FromHexString(block)])));

        Assert.Equal(expected, string.Join('\n', decoded));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_representation_in_any_parts_gives_the_fields_of_the_encoder(int seed)
    {
        var random = new Random(seed);
        var (encoder, decoder) = (new HpackTestEncoder(random), new HpackDecoder(4096, 16 << 10));
        for (var i = 0; i < 400; i++)
        {
            var fields = Enumerable.Range(0, random.Next(12)).Select(_ => FieldOf(random)).ToArray();
            var block = encoder.Encode(fields);

            var decoded = Decode(decoder, Split(block, random));

            Assert.Equal(fields.Select(field => $"{field.Name}: {field.Value}"), decoded);
        }
    }

    [Theory]
    [InlineData("80", "index 0")]
    [InlineData("be", "an index beyond an empty dynamic table")]
    [InlineData("7e0161", "a name beyond an empty dynamic table")]
    [InlineData("3fe21f", "a table larger than allowed")]
    [InlineData("8220", "a change of the table behind a field")]
    [InlineData("2020203fe11f82", "more than two changes of the table")]
    [InlineData("ffffffffff7f", "an integer beyond the limit")]
    [InlineData("007fffffffff7f", "a length beyond the limit")]
    [InlineData("0001788184", "Huffman code with padding of zeros")]
    [InlineData("00017882ffff", "Huffman code with a byte of padding")]
    [InlineData("00017884ffffffff", "Huffman code with the end of the string")]
    public void What_is_not_HPACK_is_invalid(string block, string reason)
    {
        ReadOnlySpan<byte> rest = Convert.FromHexString(block);
        var decoder = new HpackDecoder(4096, 16 << 10);
        decoder.Begin();
        HpackStatus status;
        do
            status = decoder.Read(ref rest, out _);
        while (status == HpackStatus.Field);

        Assert.True(status == HpackStatus.Invalid, $"{reason}: {status}");
    }

    [Fact]
    public void The_table_may_change_twice_in_each_block()
    {
        var decoder = new HpackDecoder(4096, 16 << 10);
        for (var i = 0; i < 3; i++)
            Assert.Equal([":method: GET"], Decode(decoder, [Convert.FromHexString("203fe11f82")]));
    }

    [Theory]
    [InlineData("40")]
    [InlineData("400178")]
    [InlineData("40017805616263")]
    [InlineData("7f")]
    [InlineData("0085f1")]
    public void Block_that_ends_within_a_field_is_incomplete(string block)
    {
        ReadOnlySpan<byte> rest = Convert.FromHexString(block);
        var decoder = new HpackDecoder(4096, 16 << 10);
        decoder.Begin();

        Assert.Equal(HpackStatus.Incomplete, decoder.Read(ref rest, out _));
        Assert.Equal(block.Length / 2, rest.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Oversized_strings_are_skipped_and_the_table_stays_in_step(bool isName)
    {
        var decoder = new HpackDecoder(4096, 16 << 10);
        // An entry, then a field that empties the table, then one that is inserted.
        Assert.Equal(["a: b"], Decode(decoder, [[0x40, 1, (byte)'a', 1, (byte)'b']]));
        var large = new List<byte> { 0x40 };
        var (name, value) = isName ? (new string('n', 20_000), "v") : ("n", new string('v', 20_000));
        Http2WireConnection.AddText(large, name);
        Http2WireConnection.AddText(large, value);
        large.AddRange([0x40, 1, (byte)'c', 1, (byte)'d']);

        Assert.Equal(["oversized", "c: d"], Decode(decoder, Split([.. large], new Random(1))));
        Assert.Equal(["c: d"], Decode(decoder, [[0xBE]]));
        ReadOnlySpan<byte> second = [0xBF];
        Assert.Equal(HpackStatus.Invalid, decoder.Read(ref second, out _));
    }

    [Fact]
    public void Any_bytes_are_decoded_or_invalid()
    {
        var random = new Random(7);
        var seen = new HashSet<HpackStatus>();
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            // More of what is nearly valid.
            if (i % 2 == 0)
                Array.ForEach(Enumerable.Range(0, bytes.Length).ToArray(), at => bytes[at] &= (byte)(random.Next(3) == 0 ? 0xFF : 0x4F));
            var decoder = new HpackDecoder(4096, 100);
            decoder.Begin();
            ReadOnlySpan<byte> rest = bytes;
            HpackStatus status;
            do
            {
                var before = rest.Length;
                status = decoder.Read(ref rest, out _);
                Assert.True(status is HpackStatus.Incomplete or HpackStatus.Invalid || rest.Length < before);
                seen.Add(status);
            }
            while (status is HpackStatus.Field or HpackStatus.Oversized);
            decoder.Release();
        }

        Assert.Equal(4, seen.Count);
    }

    internal static (string Name, string Value) FieldOf(Random random) => random.Next(5) switch
    {
        0 => (":path", $"/{random.Next(20)}"),
        1 => ("accept-encoding", "gzip, deflate"),
        2 => ($"x-{random.Next(10)}", new string([.. Enumerable.Range(0, random.Next(random.Next(8) == 0 ? 6000 : 60)).Select(_ => (char)random.Next(256))])),
        _ => ($"x-{random.Next(10)}", $"value {random.Next(5)}"),
    };

    internal static byte[][] Split(byte[] bytes, Random random)
    {
        var parts = new List<byte[]>();
        for (var start = 0; start < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - start, random.Next(3) == 0 ? random.Next(4) : random.Next(2000));
            parts.Add(bytes[start..(start + length)]);
            start += length;
        }

        return [.. parts];
    }

    /// <summary>Decodes a block that comes in parts; what a part leaves is prepended to the next one.</summary>
    private static List<string> Decode(HpackDecoder decoder, byte[][] parts)
    {
        var fields = new List<string>();
        byte[] rest = [];
        decoder.Begin();
        foreach (var part in parts)
        {
            ReadOnlySpan<byte> block = rest = [.. rest, .. part];
            HpackStatus status;
            while ((status = decoder.Read(ref block, out var field)) is HpackStatus.Field or HpackStatus.Oversized)
                fields.Add(status == HpackStatus.Oversized ? "oversized" : $"{Encoding.Latin1.GetString(field.Name)}: {Encoding.Latin1.GetString(field.Value)}");
            Assert.Equal(HpackStatus.Incomplete, status);
            rest = block.ToArray();
            decoder.Release();
        }

        Assert.Empty(rest);
        Assert.False(decoder.IsSkipping);
        return fields;
    }
}
