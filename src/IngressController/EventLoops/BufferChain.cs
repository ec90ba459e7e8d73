using System.Buffers;

namespace IngressController.EventLoops;

/// <summary>Bytes in blocks of a pool, added at one end and removed at the other. It holds no block while it is empty.</summary>
internal sealed class BufferChain(MemoryPool<byte> pool)
{
    private BufferSegment? _head;
    private BufferSegment? _tail;
    private BufferSegment? _spare;
    private int _start;

    public long Length => _head is null ? 0 : EndPosition - _head.RunningIndex - _start;

    public bool IsEmpty => _head is null || (_head == _tail && _start == _head.End);

    /// <summary>The position of its end, counted from some earlier byte.</summary>
    public long EndPosition => _tail is null ? 0 : _tail.RunningIndex + _tail.End;

    /// <summary>Its bytes.</summary>
    public ReadOnlySequence<byte> Bytes => _head is null ? default : new(_head, _start, _tail!, _tail!.End);

    /// <summary>The bytes of its first block.</summary>
    public ReadOnlySpan<byte> First => _head is null ? default : _head.From(_start);

    /// <summary>True if it has more than one block.</summary>
    public bool HasMore => _head != _tail;

    /// <summary>Room for more bytes at its end.</summary>
    /// <param name="size">The least that is needed, 0 for any.</param>
    public Memory<byte> Room(int size = 0)
    {
        if (_tail is { Free: { Length: > 0 } free } && free.Length >= size)
            return free;
        var segment = _spare ?? new BufferSegment();
        _spare = null;
        segment.Open(size <= pool.MaxBufferSize ? pool.Rent(size == 0 ? -1 : size) : MemoryPool<byte>.Shared.Rent(size), _tail);
        if (_head is null)
            (_head, _start) = (segment, 0);
        _tail = segment;
        return segment.Free;
    }

    /// <summary>Counts bytes that were written to its room.</summary>
    public void Add(int count) => _tail!.Add(count);

    /// <summary>Copies bytes to its end.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var room = Room().Span;
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            Add(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>Adds the blocks to a list, at most so many.</summary>
    public void CopyTo(List<ArraySegment<byte>> list, int maximum)
    {
        var start = _start;
        for (var segment = _head; segment is not null && list.Count < maximum; segment = segment.Next)
        {
            if (segment.End > start)
                list.Add(segment.ArrayFrom(start));
            start = 0;
        }
    }

    /// <summary>Removes bytes from its beginning.</summary>
    /// <param name="count">Their number.</param>
    /// <param name="keepsRoom">True if someone may be writing to its room.</param>
    public void Remove(long count, bool keepsRoom = false)
    {
        while (_head is { } head && count >= head.End - _start)
        {
            if (head == _tail)
            {
                if (keepsRoom)
                    break;
                Clear();
                return;
            }

            count -= head.End - _start;

            RemoveHead();
        }

        _start += (int)count;
    }

    /// <summary>Removes the bytes before a position of <see cref="Bytes"/>, and returns how many bytes follow another position.</summary>
    public long Advance(SequencePosition consumed, SequencePosition examined)
    {
        // Of an empty buffer, which may have got bytes since.
        if (consumed.GetObject() is not BufferSegment segment || _head is null)
            return Length;
        var unexamined = examined.GetObject() is BufferSegment last ? EndPosition - last.RunningIndex - examined.GetInteger() : 0;
        Remove(segment.RunningIndex + consumed.GetInteger() - _head.RunningIndex - _start);
        return unexamined;
    }

    /// <summary>Returns its blocks.</summary>
    public void Clear()
    {
        while (_head is not null)
            RemoveHead();
        _tail = null;
    }

    private void RemoveHead()
    {
        var head = _head!;
        (_head, _start) = (head.Next, 0);
        head.Close();
        _spare ??= head;
    }
}
