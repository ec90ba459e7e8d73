using System.Numerics;

namespace IngressController.Routing.Values;

/// <summary>Merged and sorted ranges of addresses as numbers: one binary search answers for thousands of networks.</summary>
internal readonly struct AddressRanges<T> where T : IBinaryInteger<T>
{
    private readonly T[] _firsts;
    private readonly T[] _lasts;

    /// <param name="sorted">Ordered by first address; they may overlap.</param>
    public AddressRanges(ReadOnlySpan<(T First, T Last)> sorted)
    {
        var merged = new List<(T First, T Last)>();
        foreach (var range in sorted)
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last)
                merged[^1] = (merged[^1].First, T.Max(merged[^1].Last, range.Last));
            else
                merged.Add(range);
        }

        _firsts = [.. merged.Select(range => range.First)];
        _lasts = [.. merged.Select(range => range.Last)];
    }

    public bool Contains(T address)
    {
        var index = Array.BinarySearch(_firsts, address);
        if (index >= 0)
            return true;
        var before = ~index - 1;
        return before >= 0 && address <= _lasts[before];
    }
}
