using System.Security.Cryptography;

namespace IngressController.Features.BasicAuthentication.PasswordHashes;

/// <summary>The input of one round, put together in one array: hashing it at once is several times faster than piece by piece.</summary>
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

    /// <summary>Appends the bytes again and again until <paramref name="length"/> are written.</summary>
    public void AppendRepeated(scoped ReadOnlySpan<byte> bytes, int length)
    {
        for (; length > bytes.Length; length -= bytes.Length)
            Append(bytes);
        Append(bytes[..length]);
    }

    public void Reset() => _length = 0;

    /// <summary>The passwords that were in it are gone.</summary>
    public readonly void Clear() => CryptographicOperations.ZeroMemory(_bytes);
}
