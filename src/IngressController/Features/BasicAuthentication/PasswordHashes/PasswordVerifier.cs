using System.Security.Cryptography;
using System.Text;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.BasicAuthentication.PasswordHashes;

/// <summary>
/// Verifies passwords against hashes. Does not call crypt(3), so images without it accept the same hashes. All comparisons are in constant
/// time.
/// <para>
/// Compared manually with nginx 1.22.1 on Debian's libcrypt: see README.md beside the tests.
/// </para>
/// </summary>
internal static class PasswordVerifier
{
    /// <summary>
    /// The maximum length of a password for hashes with rounds, as in libcrypt (CRYPT_MAX_PASSPHRASE_SIZE). Each round hashes the password,
    /// so a password that fills the header would cost a hundred times more.
    /// </summary>
    public const int MaxPasswordLength = 511;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>True if a verification costs less than its handover to another thread.</summary>
    public static bool IsCheap(PasswordScheme scheme) => scheme is PasswordScheme.Plain or PasswordScheme.Sha1 or PasswordScheme.SaltedSha1;

    public static bool Verify(PasswordHash hash, ReadOnlySpan<byte> password) => hash.Scheme switch
    {
        // Hashed first, because the comparison would reveal the length of the password.
        PasswordScheme.Plain => CryptographicOperations.FixedTimeEquals(SHA256.HashData(password), SHA256.HashData(hash.RevealDigest())),
        PasswordScheme.Sha1 or PasswordScheme.SaltedSha1 => VerifySha1(hash, password),
        _ when password.Length > MaxPasswordLength => false,
        PasswordScheme.Bcrypt => VerifyBcrypt(hash, password),
        PasswordScheme.Apr1 => IsDigest(hash, Md5Crypt.Compute("$apr1$"u8, hash.RevealSalt(), password)),
        PasswordScheme.Md5Crypt => IsDigest(hash, Md5Crypt.Compute("$1$"u8, hash.RevealSalt(), password)),
        PasswordScheme.Sha256Crypt => IsDigest(hash, ShaCrypt.Compute256(hash.RevealSalt(), hash.Rounds, password)),
        PasswordScheme.Sha512Crypt => IsDigest(hash, ShaCrypt.Compute512(hash.RevealSalt(), hash.Rounds, password)),
        PasswordScheme.DesCrypt => IsDigest(hash, DesCrypt.Compute(hash.RevealSalt(), password)),
        _ => throw new ArgumentOutOfRangeException(nameof(hash), hash.Scheme, "unknown scheme"),
    };

    private static bool IsDigest(PasswordHash hash, byte[] digest) => CryptographicOperations.FixedTimeEquals(hash.RevealDigest(), digest);

    private static bool VerifySha1(PasswordHash hash, ReadOnlySpan<byte> password)
    {
        var decoded = Convert.FromBase64String(Encoding.ASCII.GetString(hash.RevealDigest()));
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        sha.AppendData(password);
        sha.AppendData(decoded.AsSpan(SHA1.HashSizeInBytes));
        return CryptographicOperations.FixedTimeEquals(sha.GetHashAndReset(), decoded.AsSpan(0, SHA1.HashSizeInBytes));
    }

    /// <summary>Verifies the first 72 bytes, as bcrypt does. The package takes text, so a password that is not UTF-8 is rejected.</summary>
    private static bool VerifyBcrypt(PasswordHash hash, ReadOnlySpan<byte> password)
    {
        try
        {
            return BCrypt.Net.BCrypt.Verify(StrictUtf8.GetString(password), Encoding.ASCII.GetString(hash.Reveal()));
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
