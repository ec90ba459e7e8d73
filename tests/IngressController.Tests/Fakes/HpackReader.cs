using System.Text;

namespace IngressController.Tests.Fakes;

/// <summary>Reads header blocks of one direction of a connection (RFC 7541), without Huffman codes, which proxy and Kestrel do not send.</summary>
internal sealed class HpackReader
{
    private static readonly (string Name, string Value)[] StaticTable = [.. """
        :authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204|:status 206|:status 304|
        :status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate|accept-language|accept-ranges|accept|
        access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|content-encoding|content-language|content-length|
        content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|
        if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|
        server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate
        """.ReplaceLineEndings("").Split('|').Select(entry => entry.Trim()).Select(entry => (entry.Split(' ')[0], entry.Contains(' ') ? entry[(entry.IndexOf(' ') + 1)..] : ""))];

    private readonly List<(string Name, string Value)> _dynamicTable = [];

    /// <summary>The fields of a block; its frames come in order.</summary>
    public IReadOnlyList<(string Name, string Value)> Read(ReadOnlySpan<byte> block)
    {
        var fields = new List<(string Name, string Value)>();
        while (!block.IsEmpty)
        {
            var first = block[0];
            if (first >= 0x80)
            {
                fields.Add(Entry(ReadNumber(ref block, 7)));
                continue;
            }

            if (first is >= 0x20 and < 0x40)
            {
                ReadNumber(ref block, 5);
                continue;
            }

            var index = ReadNumber(ref block, first >= 0x40 ? 6 : 4);
            var name = index == 0 ? ReadText(ref block) : Entry(index).Name;
            var field = (name, ReadText(ref block));
            fields.Add(field);
            if (first >= 0x40)
                _dynamicTable.Insert(0, field);
        }

        return fields;
    }

    private (string Name, string Value) Entry(int index) => index <= StaticTable.Length ? StaticTable[index - 1] : _dynamicTable[index - StaticTable.Length - 1];

    private static int ReadNumber(ref ReadOnlySpan<byte> block, int bits)
    {
        var limit = (1 << bits) - 1;
        var number = block[0] & limit;
        block = block[1..];
        if (number < limit)
            return number;
        for (var shift = 0; ; shift += 7)
        {
            var next = block[0];
            block = block[1..];
            number += (next & 0x7f) << shift;
            if (next < 0x80)
                return number;
        }
    }

    private static string ReadText(ref ReadOnlySpan<byte> block)
    {
        Assert.True(block[0] < 0x80, "the text has a Huffman code");
        var length = ReadNumber(ref block, 7);
        var text = Encoding.Latin1.GetString(block[..length]);
        block = block[length..];
        return text;
    }
}
