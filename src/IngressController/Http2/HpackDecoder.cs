using System.Buffers;

namespace IngressController.Http2;

/// <summary>A field of a header block. It is valid until the next call of the decoder.</summary>
internal readonly ref struct HpackField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, FieldTraits traits)
{
    public ReadOnlySpan<byte> Name { get; } = name;

    public ReadOnlySpan<byte> Value { get; } = value;

    public FieldTraits Traits { get; } = traits;
}

/// <summary>What the decoder found.</summary>
internal enum HpackStatus
{
    /// <summary>A field.</summary>
    Field,

    /// <summary>A field with a string beyond the limit. Its bytes are skipped.</summary>
    Oversized,

    /// <summary>The rest of the block is needed. Nothing is left at the end of a block.</summary>
    Incomplete,

    /// <summary>The bytes are not HPACK: the state of the connection is lost (RFC 9113, 4.3).</summary>
    Invalid,
}

/// <summary>Decodes the header blocks of a connection (RFC 7541), field by field. It keeps nothing but the dynamic table.</summary>
/// <param name="maxTableSize">The maximum size of the dynamic table.</param>
/// <param name="maxString">
/// The maximum length of an encoded string. A longer one must not fit into the dynamic table when it is decoded: the longest code has 30 bits.
/// </param>
internal sealed class HpackDecoder(int maxTableSize, int maxString)
{
    /// <summary>RFC 7541, 4.2: the smallest size since the last block, then the current one.</summary>
    private const int MaxResizes = 2;

    private readonly HpackDynamicTable _table = new(maxTableSize);
    private byte[] _scratch = [];
    private int _resizesLeft;
    private int _skipped;
    private bool _skipsValue;

    /// <summary>True within a field that is skipped.</summary>
    public bool IsSkipping => _skipped > 0 || _skipsValue;

    /// <summary>Begins a header block.</summary>
    public void Begin() => _resizesLeft = MaxResizes;

    /// <summary>Returns the buffer of decoded strings.</summary>
    public void Release()
    {
        if (_scratch.Length > 0)
            ArrayPool<byte>.Shared.Return(_scratch);
        _scratch = [];
    }

    /// <summary>Reads the next field and removes its bytes from the block.</summary>
    public HpackStatus Read(ref ReadOnlySpan<byte> block, out HpackField field)
    {
        field = default;
        while (true)
        {
            if (IsSkipping && Skip(ref block) is not HpackStatus.Field and var skipping)
                return skipping;
            if (block.IsEmpty)
                return HpackStatus.Incomplete;
            var first = block[0];
            if ((first & 0xE0) != 0x20)
            {
                _resizesLeft = 0;
                return first >= 0x80 ? ReadIndexed(ref block, out field) : ReadLiteral(ref block, out field);
            }

            var length = ReadInteger(block, 5, out var size);
            if (length <= 0)
                return Failure(length);
            // Only at the beginning of a block.
            if (_resizesLeft-- == 0 || !_table.TryResize(size))
                return HpackStatus.Invalid;
            block = block[length..];
        }
    }

    private HpackStatus ReadIndexed(ref ReadOnlySpan<byte> block, out HpackField field)
    {
        field = default;
        var length = ReadInteger(block, 7, out var index);
        if (length <= 0)
            return Failure(length);
        if (Find(index) is not { } entry)
            return HpackStatus.Invalid;
        block = block[length..];
        field = new HpackField(entry.Name, entry.Value, entry.Traits);
        return HpackStatus.Field;
    }

    private HpackStatus ReadLiteral(ref ReadOnlySpan<byte> block, out HpackField field)
    {
        field = default;
        var isInserted = block[0] >= 0x40;
        var position = ReadInteger(block, isInserted ? 6 : 4, out var index);
        if (position <= 0)
            return Failure(position);
        HpackEntry? named = null;
        var name = default(HpackString);
        if (index > 0)
        {
            named = Find(index);
            if (named is null)
                return HpackStatus.Invalid;
        }
        else if (ReadString(block, ref position, out name) is not HpackStatus.Field and var nameStatus)
        {
            return nameStatus == HpackStatus.Oversized ? BeginSkip(ref block, name, skipsValue: true, isInserted) : nameStatus;
        }

        if (ReadString(block, ref position, out var value) is not HpackStatus.Field and var valueStatus)
            return valueStatus == HpackStatus.Oversized ? BeginSkip(ref block, value, skipsValue: false, isInserted) : valueStatus;
        var nameText = named is null ? default : named.Name;
        if ((named is null && !TryDecode(block, name, 0, out nameText)) || !TryDecode(block, value, MaxDecodedLength(name), out var valueText))
            return HpackStatus.Invalid;
        block = block[position..];
        var kind = named?.Kind ?? FieldRules.KindOf(nameText);
        field = new HpackField(nameText, valueText, FieldRules.Check(kind, valueText));
        if (isInserted)
            Insert(field, kind);
        return HpackStatus.Field;
    }

    private void Insert(HpackField field, FieldName kind)
    {
        if (HpackEntry.SizeOf(field.Name.Length, field.Value.Length) > _table.Capacity)
            _table.Clear();
        else
            _table.Insert(new HpackEntry(field.Name, field.Value, kind, field.Traits));
    }

    private HpackEntry? Find(int index) =>
        index == 0 ? null : index <= HpackStaticTable.Count ? HpackStaticTable.At(index) : _table.At(index - HpackStaticTable.Count - 1);

    /// <summary>Finds a string behind a position, and moves the position behind it.</summary>
    private HpackStatus ReadString(ReadOnlySpan<byte> block, ref int position, out HpackString text)
    {
        text = default;
        if (position >= block.Length)
            return HpackStatus.Incomplete;
        var read = ReadInteger(block[position..], 7, out var length);
        if (read <= 0)
            return Failure(read);
        text = new HpackString(position + read, length, block[position] >= 0x80);
        if (length > maxString)
            return HpackStatus.Oversized;
        position = text.Start + length;
        return position <= block.Length ? HpackStatus.Field : HpackStatus.Incomplete;
    }

    private bool TryDecode(ReadOnlySpan<byte> block, HpackString text, int scratchStart, out ReadOnlySpan<byte> decoded)
    {
        decoded = block.Slice(text.Start, text.Length);
        if (!text.IsHuffman)
            return true;
        var needed = scratchStart + MaxDecodedLength(text);
        if (_scratch.Length < needed)
            GrowScratch(needed);
        var isDecoded = HuffmanCode.TryDecode(decoded, _scratch.AsSpan(scratchStart), out var length);
        decoded = _scratch.AsSpan(scratchStart, length);
        return isDecoded;
    }

    private void GrowScratch(int needed)
    {
        // A decoded name stays referenced: its array is not returned before the block ends, and is then left to the garbage collector.
        var larger = ArrayPool<byte>.Shared.Rent(needed);
        _scratch.CopyTo(larger, 0);
        _scratch = larger;
    }

    private static int MaxDecodedLength(HpackString text) => text.IsHuffman ? HuffmanCode.MaxDecodedLength(text.Length) : 0;

    private HpackStatus BeginSkip(ref ReadOnlySpan<byte> block, HpackString text, bool skipsValue, bool isInserted)
    {
        if (isInserted)
            _table.Clear();
        (_skipped, _skipsValue) = (text.Length, skipsValue);
        block = block[text.Start..];
        return HpackStatus.Oversized;
    }

    /// <summary>Skips bytes; <see cref="HpackStatus.Field"/> if a field can follow.</summary>
    private HpackStatus Skip(ref ReadOnlySpan<byte> block)
    {
        while (true)
        {
            var skipped = Math.Min(_skipped, block.Length);
            block = block[skipped..];
            _skipped -= skipped;
            if (_skipped > 0 || (_skipsValue && block.IsEmpty))
                return HpackStatus.Incomplete;
            if (!_skipsValue)
                return HpackStatus.Field;
            var read = ReadInteger(block, 7, out _skipped);
            if (read <= 0)
            {
                _skipped = 0;
                return Failure(read);
            }

            block = block[read..];
            _skipsValue = false;
        }
    }

    /// <summary>Reads an integer (RFC 7541, 5.1) and returns its length: 0 if bytes are missing, -1 if it is too large.</summary>
    internal static int ReadInteger(ReadOnlySpan<byte> block, int prefix, out int value)
    {
        const int MaxLength = 5;
        var mask = (1 << prefix) - 1;
        value = block[0] & mask;
        if (value < mask)
            return 1;
        for (var i = 1; i < MaxLength; i++)
        {
            if (i == block.Length)
                return 0;
            value += (block[i] & 0x7F) << (7 * (i - 1));
            if (block[i] < 0x80)
                return i + 1;
        }

        return -1;
    }

    private static HpackStatus Failure(int length) => length == 0 ? HpackStatus.Incomplete : HpackStatus.Invalid;

    private readonly record struct HpackString(int Start, int Length, bool IsHuffman);
}
