namespace IngressController.Routing.Features.Authentication;

/// <summary>The forms of password hashes that nginx reads, by prefix.</summary>
public enum PasswordScheme
{
    /// <summary>bcrypt: <c>$2a$</c>, <c>$2b$</c>, <c>$2y$</c>.</summary>
    Bcrypt,

    /// <summary>MD5 of Apache's htpasswd: <c>$apr1$</c>.</summary>
    Apr1,

    /// <summary>MD5 of crypt(3): <c>$1$</c>.</summary>
    Md5Crypt,

    /// <summary>SHA-256 of crypt(3): <c>$5$</c>.</summary>
    Sha256Crypt,

    /// <summary>SHA-512 of crypt(3): <c>$6$</c>.</summary>
    Sha512Crypt,

    /// <summary>SHA-1 without salt: <c>{SHA}</c>.</summary>
    Sha1,

    /// <summary>SHA-1 with salt: <c>{SSHA}</c>.</summary>
    SaltedSha1,

    /// <summary>The password itself: <c>{PLAIN}</c>.</summary>
    Plain,

    /// <summary>
    /// The first form of crypt(3), with 13 characters and no prefix. It uses the first eight characters of a password only.
    /// </summary>
    DesCrypt,
}
