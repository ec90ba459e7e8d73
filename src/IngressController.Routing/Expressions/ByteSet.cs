namespace IngressController.Routing.Expressions;

/// <summary>A set of bytes: what one element of an expression matches.</summary>
internal readonly record struct ByteSet(UInt128 Low, UInt128 High)
{
    private static readonly ByteSet Upper = Range('A', 'Z');
    private static readonly ByteSet Lower = Range('a', 'z');

    public static ByteSet Empty => default;

    public static ByteSet All => new(UInt128.MaxValue, UInt128.MaxValue);

    public bool IsEmpty => this == Empty;

    public int Count => (int)(UInt128.PopCount(Low) + UInt128.PopCount(High));

    public static ByteSet Of(int value) => value < 128 ? new(UInt128.One << value, 0) : new(0, UInt128.One << (value - 128));

    public static ByteSet OfAll(ReadOnlySpan<char> values)
    {
        var set = Empty;
        foreach (var value in values)
            set |= Of(value);
        return set;
    }

    public static ByteSet Range(int first, int last)
    {
        var set = Empty;
        for (var value = first; value <= last; value++)
            set |= Of(value);
        return set;
    }

    public static ByteSet operator |(ByteSet left, ByteSet right) => new(left.Low | right.Low, left.High | right.High);

    public static ByteSet operator &(ByteSet left, ByteSet right) => new(left.Low & right.Low, left.High & right.High);

    public static ByteSet operator ~(ByteSet set) => new(~set.Low, ~set.High);

    public bool Contains(int value) => !(this & Of(value)).IsEmpty;

    /// <summary>The set with both cases of its letters. PCRE without UTF knows the letters of ASCII only.</summary>
    public ByteSet IgnoringCase() => this | new ByteSet(((this & Upper).Low << 32) | ((this & Lower).Low >> 32), 0);

    /// <summary>The runs of adjacent bytes, in order.</summary>
    public IEnumerable<(int First, int Last)> Ranges()
    {
        for (var value = 0; value < 256; value++)
        {
            if (!Contains(value))
                continue;
            var first = value;
            while (value < 255 && Contains(value + 1))
                value++;
            yield return (first, value);
        }
    }

    /// <summary>The first byte of the set.</summary>
    public int First() => Ranges().First().First;
}
