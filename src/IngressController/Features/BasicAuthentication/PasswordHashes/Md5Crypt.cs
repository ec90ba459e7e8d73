using System.Security.Cryptography;

namespace IngressController.Features.BasicAuthentication.PasswordHashes;

/// <summary>The MD5 hashes of crypt(3), from FreeBSD (<c>$1$</c>), and of Apache (<c>$apr1$</c>).</summary>
internal static class Md5Crypt
{
    public const int DigestLength = 22;

    private const int Rounds = 1000;

    public static byte[] Compute(ReadOnlySpan<byte> magic, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> password)
    {
        Span<byte> state = stackalloc byte[MD5.HashSizeInBytes];
        Start(magic, salt, password, state);

        var buffer = new CryptBuffer((2 * password.Length) + salt.Length + state.Length);
        for (var round = 0; round < Rounds; round++)
        {
            var odd = (round & 1) != 0;
            buffer.Append(odd ? password : state);
            if (round % 3 != 0)
                buffer.Append(salt);
            if (round % 7 != 0)
                buffer.Append(password);
            buffer.Append(odd ? state : password);
            MD5.HashData(buffer.Written, state);
            buffer.Reset();
        }

        buffer.Clear();
        return Encode(state);
    }

    private static void Start(ReadOnlySpan<byte> magic, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> password, Span<byte> state)
    {
        var buffer = new CryptBuffer((2 * password.Length) + magic.Length + salt.Length + 32);
        buffer.Append(password);
        buffer.Append(salt);
        buffer.Append(password);
        MD5.HashData(buffer.Written, state);

        buffer.Reset();
        buffer.Append(password);
        buffer.Append(magic);
        buffer.Append(salt);
        buffer.AppendRepeated(state, password.Length);
        for (var bits = password.Length; bits > 0; bits >>= 1)
            buffer.Append((bits & 1) != 0 ? [0] : password[..1]);
        MD5.HashData(buffer.Written, state);
        buffer.Clear();
    }

    private static byte[] Encode(ReadOnlySpan<byte> state)
    {
        var digest = new byte[DigestLength];
        var rest = digest.AsSpan();
        for (var i = 0; i < 5; i++)
            rest = CryptEncoding.Write(rest, state[i], state[i + 6], state[i == 4 ? 5 : i + 12]);
        CryptEncoding.Write(rest, 0, 0, state[11], characters: 2);
        return digest;
    }
}
