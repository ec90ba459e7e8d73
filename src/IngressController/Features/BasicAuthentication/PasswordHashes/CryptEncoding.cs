namespace IngressController.Features.BasicAuthentication.PasswordHashes;

/// <summary>The base64 of crypt(3): its own alphabet, lowest six bits first, no padding.</summary>
internal static class CryptEncoding
{
    private static ReadOnlySpan<byte> Alphabet => "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8;

    /// <summary>Writes three bytes as <paramref name="characters"/> characters and returns the rest of the target.</summary>
    public static Span<byte> Write(Span<byte> target, byte high, byte middle, byte low, int characters = 4)
    {
        var bits = (high << 16) | (middle << 8) | low;
        for (var i = 0; i < characters; i++)
        {
            target[i] = Alphabet[bits & 0x3f];
            bits >>= 6;
        }

        return target[characters..];
    }

    public static byte Character(int sixBits) => Alphabet[sixBits];

    public static int Value(byte character) => Alphabet.IndexOf(character);
}
