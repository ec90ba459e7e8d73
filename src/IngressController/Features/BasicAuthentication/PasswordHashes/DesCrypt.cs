namespace IngressController.Features.BasicAuthentication.PasswordHashes;

/// <summary>
/// The traditional crypt(3): 25 rounds of DES with an expansion that depends on the salt. Implemented bit by bit as in FIPS 46-3, which is
/// slow but short. Such hashes are obsolete, but old password files contain them.
/// </summary>
internal static class DesCrypt
{
    private const int MaxPasswordLength = 8;

    // Bit numbers start at 1, as in FIPS 46-3. The initial permutation is not needed: the first block is zero, and each later initial
    // permutation cancels the final permutation of the round before.
    private static ReadOnlySpan<byte> FinalPermutation =>
    [
        40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
        36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9, 49, 17, 57, 25,
    ];

    private static ReadOnlySpan<byte> KeyChoice1 =>
    [
        57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
    ];

    private static ReadOnlySpan<byte> KeyChoice2 =>
    [
        14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
        41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
    ];

    private static ReadOnlySpan<byte> KeyShifts => [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

    private static ReadOnlySpan<byte> RoundPermutation =>
    [
        16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
    ];

    private static ReadOnlySpan<byte> Substitution =>
    [
        14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
        4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
        15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
        0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
        10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
        13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
        7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
        10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
        2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
        4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
        12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
        9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
        4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
        1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
        13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
        7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
    ];

    public static byte[] Compute(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> password)
    {
        var saltBits = CryptEncoding.Value(salt[0]) | (CryptEncoding.Value(salt[1]) << 6);
        Span<byte> keys = stackalloc byte[16 * 48];
        Schedule(password.Length > MaxPasswordLength ? password[..MaxPasswordLength] : password, keys);

        // The left and the right half; between two encryptions they are only swapped.
        Span<byte> block = stackalloc byte[64];
        for (var i = 0; i < 25; i++)
            Encrypt(block, keys, saltBits);

        Span<byte> final = stackalloc byte[66];
        final.Clear();
        for (var i = 0; i < 64; i++)
            final[i] = block[FinalPermutation[i] - 1];
        var digest = new byte[11];
        for (var i = 0; i < digest.Length; i++)
            digest[i] = CryptEncoding.Character(Number(final.Slice(i * 6, 6)));
        return digest;
    }

    private static void Schedule(ReadOnlySpan<byte> password, Span<byte> keys)
    {
        // Seven bits of each character; the eighth is the parity bit of DES.
        Span<byte> bits = stackalloc byte[64];
        bits.Clear();
        for (var i = 0; i < password.Length * 8; i++)
            bits[i] = i % 8 == 7 ? (byte)0 : (byte)((password[i / 8] >> (6 - (i % 8))) & 1);

        var shift = 0;
        for (var round = 0; round < 16; round++)
        {
            shift += KeyShifts[round];
            for (var i = 0; i < 48; i++)
            {
                var position = KeyChoice2[i] - 1;
                var half = position < 28 ? 0 : 28;
                keys[(round * 48) + i] = bits[KeyChoice1[half + ((position - half + shift) % 28)] - 1];
            }
        }
    }

    private static void Encrypt(Span<byte> block, ReadOnlySpan<byte> keys, int saltBits)
    {
        Span<byte> substituted = stackalloc byte[32];
        for (var round = 0; round < 16; round++)
        {
            var right = block[32..];
            for (var box = 0; box < 8; box++)
                SubstituteBox(right, keys[(round * 48)..], saltBits, box, substituted);
            for (var i = 0; i < 32; i++)
            {
                var next = (byte)(block[i] ^ substituted[RoundPermutation[i] - 1]);
                block[i] = right[i];
                right[i] = next;
            }
        }

        for (var i = 0; i < 32; i++)
            (block[i], block[i + 32]) = (block[i + 32], block[i]);
    }

    private static void SubstituteBox(ReadOnlySpan<byte> right, ReadOnlySpan<byte> key, int saltBits, int box, Span<byte> substituted)
    {
        Span<byte> input = stackalloc byte[6];
        for (var bit = 0; bit < 6; bit++)
        {
            var position = (box * 6) + bit;
            // A bit of the salt swaps an expanded bit with the one 24 positions later.
            var source = ((saltBits >> (position % 24)) & 1) != 0 ? (position + 24) % 48 : position;
            input[bit] = (byte)(right[((source / 6 * 4) + (source % 6) + 31) % 32] ^ key[position]);
        }

        var row = (input[0] << 1) | input[5];
        var value = Substitution[(box * 64) + (row * 16) + Number(input[1..5])];
        for (var bit = 0; bit < 4; bit++)
            substituted[(box * 4) + bit] = (byte)((value >> (3 - bit)) & 1);
    }

    private static int Number(ReadOnlySpan<byte> bits)
    {
        var number = 0;
        foreach (var bit in bits)
            number = (number << 1) | bit;
        return number;
    }
}
