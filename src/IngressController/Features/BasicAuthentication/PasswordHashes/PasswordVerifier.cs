using System.Security.Cryptography;
using System.Text;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.BasicAuthentication.PasswordHashes;

/// <summary>
/// Whether a password belongs to a hash. Nothing here calls crypt(3): images without it take the same hashes. All comparisons take the
/// same time whatever they compare.
/// <para>
/// Compared with nginx 1.22.1 on Debian's libcrypt, by hand: see README.md beside the tests.
/// </para>
/// </summary>
internal static class PasswordVerifier
{
    /// <summary>
    /// The longest password that hashes with rounds take; libcrypt takes no longer one (CRYPT_MAX_PASSPHRASE_SIZE). Each round hashes
    /// the password again, so a header full of it would cost a hundred times what it should.
    /// </summary>
    public const int MaxPasswordLength = 511;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether a verification is so cheap that handing it to another thread would cost more.</summary>
    public static bool IsCheap(PasswordScheme scheme) => scheme is PasswordScheme.Plain or PasswordScheme.Sha1 or PasswordScheme.SaltedSha1;

    public static bool Verify(PasswordHash hash, ReadOnlySpan<byte> password) => hash.Scheme switch
    {
        // Hashed first: the comparison would tell the length of the password.
        PasswordScheme.Plain => CryptographicOperations.FixedTimeEquals(SHA256.HashData(password), SHA256.HashData(hash.RevealDigest())),
        PasswordScheme.Sha1 or PasswordScheme.SaltedSha1 => VerifySha1(hash, password),
        _ when password.Length > MaxPasswordLength => false,
        PasswordScheme.Bcrypt => VerifyBcrypt(hash, password),
        PasswordScheme.Apr1 => IsDigest(hash, Md5Crypt.Compute("$apr1$"u8, hash.RevealSalt(), password)),
        PasswordScheme.Md5Crypt => IsDigest(hash, Md5Crypt.Compute("$1$"u8, hash.RevealSalt(), password)),
        PasswordScheme.Sha256Crypt => IsDigest(hash, ShaCrypt.Compute256(hash.RevealSalt(), hash.Rounds, password)),
        PasswordScheme.Sha512Crypt => IsDigest(hash, ShaCrypt.Compute512(hash.RevealSalt(), hash.Rounds, password)),
        PasswordScheme.DesCrypt => IsDigest(hash, DesCrypt.Compute(hash.RevealSalt(), password)),
        _ => throw new ArgumentOutOfRangeException(nameof(hash), hash.Scheme, "no such scheme"),
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

    /// <summary>As everywhere, only the first 72 bytes count. The package takes text, so a password that is not UTF-8 is a wrong one.</summary>
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
