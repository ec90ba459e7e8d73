using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.BasicAuthentication;

/// <summary>
/// Stands for a user, a password and the hash it is verified with, without holding any of them. A changed hash makes another key, so
/// nothing that is remembered outlives it.
/// </summary>
internal readonly record struct VerdictKey(UInt128 High, UInt128 Low)
{
    public override int GetHashCode() => (int)Low;
}

/// <summary>Makes keys: HMAC-SHA256 with a random key of this process, so that a memory dump gives nothing to try passwords on elsewhere.</summary>
internal sealed class VerdictKeys
{
    private const int StackLimit = 512;

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);

    /// <summary>The key; an unknown user is verified with the hash of another, and must not be mistaken for one who has it.</summary>
    public VerdictKey Make(BasicCredentials credentials, PasswordHash hash, bool isKnown)
    {
        var user = credentials.User;
        var length = 9 + Encoding.UTF8.GetByteCount(user) + credentials.Password.Length + hash.Reveal().Length;
        var rented = length <= StackLimit ? null : ArrayPool<byte>.Shared.Rent(length);
        var input = (rented ?? stackalloc byte[StackLimit])[..length];

        // Lengths first, so that no two triples are written alike.
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
