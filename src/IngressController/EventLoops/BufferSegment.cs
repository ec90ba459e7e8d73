using System.Buffers;
using System.Runtime.InteropServices;

namespace IngressController.EventLoops;

/// <summary>A block of memory in a chain, filled from its beginning.</summary>
internal sealed class BufferSegment : ReadOnlySequenceSegment<byte>
{
    private IMemoryOwner<byte>? _owner;
    private Memory<byte> _block;

    /// <summary>The number of its bytes.</summary>
    public int End { get; private set; }

    /// <summary>The free part.</summary>
    public Memory<byte> Free => _block[End..];

    public new BufferSegment? Next => (BufferSegment?)base.Next;

    /// <summary>The bytes from a position on.</summary>
    public ReadOnlySpan<byte> From(int start) => _block.Span[start..End];

    /// <summary>The bytes from a position on. The blocks of the pool are arrays.</summary>
    public ArraySegment<byte> ArrayFrom(int start) => MemoryMarshal.TryGetArray<byte>(_block[start..End], out var array) ? array : _block[start..End].ToArray();

    /// <summary>Takes a block, and follows another segment.</summary>
    public void Open(IMemoryOwner<byte> owner, BufferSegment? previous)
    {
        (_owner, _block, End, Memory) = (owner, owner.Memory, 0, default);
        base.Next = null;
        RunningIndex = 0;
        if (previous is null)
            return;
        RunningIndex = previous.RunningIndex + previous.End;
        previous.Follow(this);
    }

    private void Follow(BufferSegment next) => base.Next = next;

    /// <summary>Counts bytes that were written to the free part.</summary>
    public void Add(int count)
    {
        End += count;
        Memory = _block[..End];
    }

    /// <summary>Returns its block.</summary>
    public void Close()
    {
        _owner!.Dispose();
        (_owner, _block, End, Memory) = (null, default, 0, default);
        base.Next = null;
    }
}
