using System.Security.Cryptography;

namespace IngressController.Features.BasicAuthentication.PasswordHashes;

/// <summary>
/// The SHA-256 and SHA-512 hashes of crypt(3) (<c>$5$</c>, <c>$6$</c>): Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512".
/// </summary>
internal static class ShaCrypt
{
    public static byte[] Compute256(ReadOnlySpan<byte> salt, int rounds, ReadOnlySpan<byte> password)
    {
        Span<byte> state = stackalloc byte[SHA256.HashSizeInBytes];
        Compute(HashAlgorithmName.SHA256, salt, rounds, password, state);
        var digest = new byte[43];
        var rest = digest.AsSpan();
        var (high, middle, low) = (0, 10, 20);
        for (var i = 0; i < 10; i++)
        {
            rest = CryptEncoding.Write(rest, state[high], state[middle], state[low]);
            (high, middle, low) = (low + 1, high + 1, middle + 1);
        }

        CryptEncoding.Write(rest, 0, state[31], state[30], characters: 3);
        return digest;
    }

    public static byte[] Compute512(ReadOnlySpan<byte> salt, int rounds, ReadOnlySpan<byte> password)
    {
        Span<byte> state = stackalloc byte[SHA512.HashSizeInBytes];
        Compute(HashAlgorithmName.SHA512, salt, rounds, password, state);
        var digest = new byte[86];
        var rest = digest.AsSpan();
        var (high, middle, low) = (0, 21, 42);
        for (var i = 0; i < 21; i++)
        {
            rest = CryptEncoding.Write(rest, state[high], state[middle], state[low]);
            (high, middle, low) = (middle + 1, low + 1, high + 1);
        }

        CryptEncoding.Write(rest, 0, 0, state[63], characters: 2);
        return digest;
    }

    private static void Compute(HashAlgorithmName algorithm, ReadOnlySpan<byte> salt, int rounds, ReadOnlySpan<byte> password, Span<byte> state)
    {
        Start(algorithm, salt, password, state);
        var passwordBytes = Stretch(algorithm, password, password.Length, password.Length);
        var saltBytes = Stretch(algorithm, salt, 16 + state[0], salt.Length);

        var buffer = new CryptBuffer((2 * password.Length) + salt.Length + state.Length);
        for (var round = 0; round < rounds; round++)
        {
            var odd = (round & 1) != 0;
            buffer.Append(odd ? passwordBytes : state);
            if (round % 3 != 0)
                buffer.Append(saltBytes);
            if (round % 7 != 0)
                buffer.Append(passwordBytes);
            buffer.Append(odd ? state : passwordBytes);
            CryptographicOperations.HashData(algorithm, buffer.Written, state);
            buffer.Reset();
        }

        buffer.Clear();
        CryptographicOperations.ZeroMemory(passwordBytes);
    }

    /// <summary>Steps 1 to 12 of the specification.</summary>
    private static void Start(HashAlgorithmName algorithm, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> password, Span<byte> state)
    {
        var bitCount = 32 - int.LeadingZeroCount(password.Length);
        var buffer = new CryptBuffer((2 * password.Length) + salt.Length + (bitCount * Math.Max(state.Length, password.Length)));
        buffer.Append(password);
        buffer.Append(salt);
        buffer.Append(password);
        CryptographicOperations.HashData(algorithm, buffer.Written, state);

        buffer.Reset();
        buffer.Append(password);
        buffer.Append(salt);
        buffer.AppendRepeated(state, password.Length);
        for (var bits = password.Length; bits > 0; bits >>= 1)
            buffer.Append((bits & 1) != 0 ? state : password);
        CryptographicOperations.HashData(algorithm, buffer.Written, state);
        buffer.Clear();
    }

    /// <summary>Steps 13 to 20: the hash of the value concatenated <paramref name="times"/> times, repeated to a length.</summary>
    private static byte[] Stretch(HashAlgorithmName algorithm, ReadOnlySpan<byte> value, int times, int length)
    {
        var input = new CryptBuffer(value.Length * times);
        for (var i = 0; i < times; i++)
            input.Append(value);
        var stretched = new byte[length];
        Span<byte> hash = stackalloc byte[SHA512.HashSizeInBytes];
        var hashLength = CryptographicOperations.HashData(algorithm, input.Written, hash);
        for (var i = 0; i < length; i++)
            stretched[i] = hash[i % hashLength];
        input.Clear();
        return stretched;
    }
}
