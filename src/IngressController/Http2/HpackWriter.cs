namespace IngressController.Http2;

/// <summary>Encodes fields without compression and without reference to the dynamic table.</summary>
internal static class HpackWriter
{
    private const byte Literal = 0x00;

    /// <summary>A field that is not indexed, with a name of its own (RFC 7541, 6.2.2).</summary>
    public static void Write(ByteBuffer block, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        block.Append(Literal);
        WriteString(block, name);
        WriteString(block, value);
    }

    /// <summary>A field that is not indexed, with the name of an entry of the static table below 15.</summary>
    public static void Write(ByteBuffer block, int name, ReadOnlySpan<byte> value)
    {
        block.Append((byte)(Literal | name));
        WriteString(block, value);
    }

    /// <summary>A field of the static table.</summary>
    public static void WriteIndexed(ByteBuffer block, int index) => block.Append((byte)(0x80 | index));

    private static void WriteString(ByteBuffer block, ReadOnlySpan<byte> text)
    {
        const int Prefix = 0x7F;
        if (text.Length < Prefix)
        {
            block.Append((byte)text.Length);
        }
        else
        {
            block.Append(Prefix);
            var rest = text.Length - Prefix;
            for (; rest >= 0x80; rest >>= 7)
                block.Append((byte)(rest | 0x80));
            block.Append((byte)rest);
        }

        block.Append(text);
    }
}
