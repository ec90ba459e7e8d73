namespace IngressController.Http2;

/// <summary>The dynamic table of HPACK (RFC 7541, 2.3.2). Its memory is what its entries need.</summary>
/// <param name="limit">The maximum of what the client can choose as its size.</param>
internal sealed class HpackDynamicTable(int limit)
{
    private const int FirstCapacity = 8;

    /// <summary>A ring. The newest entry is the last one.</summary>
    private HpackEntry?[] _entries = [];

    private int _first;
    private int _size;
    private int? _capacity;

    public int Count { get; private set; }

    /// <summary>The maximum size that the client has chosen.</summary>
    public int Capacity => _capacity ?? limit;

    /// <summary>The entry at an index, of which 0 is the newest; null if there is none.</summary>
    public HpackEntry? At(int index) => index < Count ? _entries[(_first + Count - 1 - index) & (_entries.Length - 1)] : null;

    /// <summary>Changes the maximum size; false if the limit does not allow it.</summary>
    public bool TryResize(int capacity)
    {
        if (capacity > limit)
            return false;
        _capacity = capacity;
        EvictTo(capacity);
        return true;
    }

    /// <summary>Inserts an entry, which must not be larger than the table.</summary>
    public void Insert(HpackEntry entry)
    {
        EvictTo(Capacity - entry.Size);
        if (Count == _entries.Length)
            Grow();
        _entries[(_first + Count++) & (_entries.Length - 1)] = entry;
        _size += entry.Size;
    }

    /// <summary>Removes all entries, as the insertion of one that is larger than the table does (RFC 7541, 4.4).</summary>
    public void Clear() => EvictTo(0);

    private void EvictTo(int size)
    {
        for (; _size > size; Count--)
        {
            _size -= _entries[_first]!.Size;
            _entries[_first] = null;
            _first = (_first + 1) & (_entries.Length - 1);
        }
    }

    private void Grow()
    {
        var larger = new HpackEntry?[Math.Max(FirstCapacity, 2 * _entries.Length)];
        for (var i = 0; i < Count; i++)
            larger[i] = _entries[(_first + i) & (_entries.Length - 1)];
        (_entries, _first) = (larger, 0);
    }
}
