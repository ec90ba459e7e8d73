using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.BasicAuthentication;

/// <summary>
/// Identifies a user, a password and the hash for the cache, without containing any of them. A changed hash changes the key, so cached
/// verdicts do not outlive it.
/// </summary>
internal readonly record struct VerdictKey(UInt128 High, UInt128 Low)
{
    public override int GetHashCode() => (int)Low;
}

/// <summary>
/// Creates keys by HMAC-SHA256 with a random secret per process, so that cached keys alone do not allow offline guessing.
/// </summary>
internal sealed class VerdictKeys
{
    private const int StackLimit = 512;

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);

    /// <summary>
    /// Creates the key. It contains <paramref name="isKnown"/>, so that an unknown user, verified with a decoy, differs from the user with
    /// that hash.
    /// </summary>
    public VerdictKey Create(BasicCredentials credentials, PasswordHash hash, bool isKnown)
    {
        var user = credentials.User;
        var length = 9 + Encoding.UTF8.GetByteCount(user) + credentials.Password.Length + hash.Reveal().Length;
        var rented = length <= StackLimit ? null : ArrayPool<byte>.Shared.Rent(length);
        var input = (rented ?? stackalloc byte[StackLimit])[..length];

        // Lengths first, so that the encoding is unambiguous.
        input[0] = isKnown ? (byte)1 : (byte)0;
        var rest = input[9..];
        var userLength = Encoding.UTF8.GetBytes(user, rest);
        credentials.Password.CopyTo(rest[userLength..]);
        hash.Reveal().CopyTo(rest[(userLength + credentials.Password.Length)..]);
        BinaryPrimitives.WriteInt32LittleEndian(input[1..], userLength);
        BinaryPrimitives.WriteInt32LittleEndian(input[5..], credentials.Password.Length);

        Span<UInt128> mac = stackalloc UInt128[2];
        HMACSHA256.HashData(_secret, input, MemoryMarshal.AsBytes(mac));
        CryptographicOperations.ZeroMemory(input);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return new VerdictKey(mac[0], mac[1]);
    }
}
