namespace IngressController.Http2;

/// <summary>A field of a header table, with what the rules of requests say about it.</summary>
internal sealed class HpackEntry
{
    /// <summary>What an entry counts beside its name and value (RFC 7541, 4.1).</summary>
    private const int Overhead = 32;

    private readonly byte[] _bytes;
    private readonly int _nameLength;

    public HpackEntry(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, FieldName kind, FieldTraits traits)
    {
        _bytes = [.. name, .. value];
        _nameLength = name.Length;
        Kind = kind;
        Traits = traits;
    }

    public ReadOnlySpan<byte> Name => _bytes.AsSpan(0, _nameLength);

    public ReadOnlySpan<byte> Value => _bytes.AsSpan(_nameLength);

    public FieldName Kind { get; }

    public FieldTraits Traits { get; }

    public int Size => _bytes.Length + Overhead;

    /// <summary>The size of an entry with these lengths.</summary>
    public static int SizeOf(int nameLength, int valueLength) => nameLength + valueLength + Overhead;
}
