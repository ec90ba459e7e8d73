using System.Text;

namespace IngressController.Http2;

/// <summary>The static table of HPACK (RFC 7541, appendix A).</summary>
internal static class HpackStaticTable
{
    private static readonly HpackEntry[] Entries =
    [
        .. from field in new (string Name, string Value)[]
           {
               (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"), (":scheme", "http"),
               (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"), (":status", "400"),
               (":status", "404"), (":status", "500"), ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""),
               ("accept-ranges", ""), ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
               ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
               ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""),
               ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
               ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""),
               ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""),
               ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""),
               ("via", ""), ("www-authenticate", ""),
           }
           select EntryOf(Encoding.ASCII.GetBytes(field.Name), Encoding.ASCII.GetBytes(field.Value)),
    ];

    public static int Count => Entries.Length;

    /// <summary>The entry at an index from 1 to <see cref="Count"/>.</summary>
    public static HpackEntry At(int index) => Entries[index - 1];

    private static HpackEntry EntryOf(byte[] name, byte[] value)
    {
        var kind = FieldRules.KindOf(name);
        return new HpackEntry(name, value, kind, FieldRules.Check(kind, value));
    }
}
