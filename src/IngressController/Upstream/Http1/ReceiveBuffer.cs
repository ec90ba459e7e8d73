using System.Buffers;

namespace IngressController.Upstream.Http1;

/// <summary>The bytes that a connection has received, in a rented array whose size follows the need.</summary>
internal sealed class ReceiveBuffer
{
    /// <summary>A head with a body of 4 KB fits into it. An idle connection keeps it.</summary>
    private const int Small = 8 * 1024;

    private const int Large = 64 * 1024;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Small);
    private int _start;
    private int _end;

    /// <summary>The bytes that were received and not consumed.</summary>
    public ReadOnlySpan<byte> Received => _bytes.AsSpan(_start, _end - _start);

    public void Consume(int count) => _start += count;

    /// <summary>Counts bytes that were received into <see cref="Room"/>.</summary>
    public void Add(int count) => _end += count;

    /// <summary>The free part, which is made larger if there is none.</summary>
    public Memory<byte> Room()
    {
        if (_start == _end)
            (_start, _end) = (0, 0);
        if (_end == _bytes.Length)
            MakeRoom();
        return _bytes.AsMemory(_end);
    }

    /// <summary>Chooses the size. Only while it is empty.</summary>
    /// <param name="isLarge">True for a long body; false for a connection that waits.</param>
    public void Resize(bool isLarge)
    {
        (_start, _end) = (0, 0);
        var size = isLarge ? Large : Small;
        if (_bytes.Length != size)
            Replace(size);
    }

    /// <summary>Returns the array, after its last use.</summary>
    public void Return()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _start, _end) = ([], 0, 0);
    }

    private void MakeRoom()
    {
        if (_start == 0)
            Replace(2 * _bytes.Length);
        else
            _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
        (_start, _end) = (0, _end - _start);
    }

    private void Replace(int size)
    {
        var other = ArrayPool<byte>.Shared.Rent(size);
        _bytes.AsSpan(0, _end).CopyTo(other);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = other;
    }
}
