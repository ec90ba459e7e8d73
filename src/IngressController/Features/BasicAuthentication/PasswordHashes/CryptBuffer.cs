using System.Security.Cryptography;

namespace IngressController.Features.BasicAuthentication.PasswordHashes;

/// <summary>Builds the input of one round in one array: hashing it in one call is several times faster than incremental hashing.</summary>
internal ref struct CryptBuffer(int capacity)
{
    private readonly Span<byte> _bytes = new byte[capacity];
    private int _length;

    public readonly ReadOnlySpan<byte> Written => _bytes[.._length];

    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes[_length..]);
        _length += bytes.Length;
    }

    /// <summary>Appends the bytes repeatedly until <paramref name="length"/> bytes are written.</summary>
    public void AppendRepeated(scoped ReadOnlySpan<byte> bytes, int length)
    {
        for (; length > bytes.Length; length -= bytes.Length)
            Append(bytes);
        Append(bytes[..length]);
    }

    public void Reset() => _length = 0;

    /// <summary>Overwrites the passwords in the buffer.</summary>
    public readonly void Clear() => CryptographicOperations.ZeroMemory(_bytes);
}
