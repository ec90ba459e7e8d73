namespace IngressController.Http2;

/// <summary>
/// Decodes the Huffman code of HPACK (RFC 7541, appendix B). It is canonical: the lengths of the codes and the order of the symbols determine
/// it.
/// </summary>
internal static class HuffmanCode
{
    private const int MaxLength = 30;

    private const int EndOfString = 256;

    /// <summary>Codes of up to this length are looked up at once. Those of letters, digits and most punctuation are.</summary>
    private const int ShortLength = 8;

    /// <summary>By the next <see cref="ShortLength"/> bits: the length of the code, and the symbol in the lower byte; 0 for a longer code.</summary>
    private static readonly ushort[] ShortCodes = new ushort[1 << ShortLength];

    /// <summary>By length: the first code, the number of codes, and the position of the first symbol in <see cref="Symbols"/>.</summary>
    private static readonly (uint First, uint Count, int Position)[] Codes = new (uint, uint, int)[MaxLength + 1];

    /// <summary>The symbols in the order of their codes.</summary>
    private static readonly ushort[] Symbols = [.. Enumerable.Range(0, EndOfString + 1).OrderBy(symbol => Lengths[symbol]).Select(symbol => (ushort)symbol)];

    static HuffmanCode()
    {
        var (code, position) = (0u, 0);
        for (var length = 1; length <= MaxLength; length++)
        {
            code <<= 1;
            var count = Lengths.Count((byte)length);
            Codes[length] = (code, (uint)count, position);
            for (var i = 0; i < count && length <= ShortLength; i++)
            {
                var start = (int)(code + i) << (ShortLength - length);
                ShortCodes.AsSpan(start, 1 << (ShortLength - length)).Fill((ushort)((length << 8) | Symbols[position + i]));
            }

            code += (uint)count;
            position += count;
        }
    }

    /// <summary>The lengths of the codes of all bytes, and of the end of the string, in bits.</summary>
    private static ReadOnlySpan<byte> Lengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    /// <summary>The maximum length of a decoded string: the shortest code has five bits.</summary>
    public static int MaxDecodedLength(int encoded) => (int)(encoded * 8L / 5);

    /// <summary>Decodes a string; false if it is not of the code (RFC 7541, 5.2).</summary>
    public static bool TryDecode(ReadOnlySpan<byte> encoded, Span<byte> decoded, out int length)
    {
        length = 0;
        var (bits, count, position) = (0UL, 0, 0);
        while (true)
        {
            for (; count <= 48 && position < encoded.Length; count += 8)
                bits = (bits << 8) | encoded[position++];
            // At the end the string is continued with ones, as its padding is.
            var next = count >= ShortLength ? (byte)(bits >> (count - ShortLength)) : (byte)((bits << (ShortLength - count)) | (0xFFu >> count));
            var code = ShortCodes[next];
            var (codeLength, symbol) = code != 0 ? (code >> 8, code & 0xFF) : FindLong(bits, count);
            if (codeLength > count)
                return count < 8 && IsPadding(bits, count);
            if (symbol == EndOfString)
                return false;
            decoded[length++] = (byte)symbol;
            count -= codeLength;
        }
    }

    /// <summary>Returns a length beyond the number of bits if they do not begin with a whole code.</summary>
    private static (int Length, int Symbol) FindLong(ulong bits, int count)
    {
        for (var length = ShortLength + 1; length <= count && length <= MaxLength; length++)
        {
            var (first, codes, position) = Codes[length];
            var offset = (uint)((bits >> (count - length)) & ((1UL << length) - 1)) - first;
            if (offset < codes)
                return (length, Symbols[position + (int)offset]);
        }

        return (int.MaxValue, 0);
    }

    private static bool IsPadding(ulong bits, int count)
    {
        var ones = (1UL << count) - 1;
        return (bits & ones) == ones;
    }
}
