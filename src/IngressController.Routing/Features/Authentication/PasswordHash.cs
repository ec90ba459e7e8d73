using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace IngressController.Routing.Features.Authentication;

/// <summary>The parsed hash of one password. The host verifies with it, as that costs time. It prints as <c>[redacted]</c>.</summary>
public sealed class PasswordHash
{
    /// <summary>The maximum cost of bcrypt: one verification takes about a second of a core.</summary>
    public const int MaxBcryptCost = 14;

    /// <summary>The maximum rounds of <c>$5$</c> and <c>$6$</c>: one verification takes about half a second of a core.</summary>
    public const int MaxRounds = 1_000_000;

    private const int DefaultRounds = 5000;
    private const string CryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly byte[] _text;
    private readonly Range _salt;
    private readonly Range _digest;

    private PasswordHash(PasswordScheme scheme, string text, Range salt, Range digest, int rounds = 0)
    {
        Scheme = scheme;
        Rounds = rounds;
        _text = Encoding.UTF8.GetBytes(text);
        _salt = salt;
        _digest = digest;
    }

    public PasswordScheme Scheme { get; }

    /// <summary>The rounds of <c>$5$</c> and <c>$6$</c>; 0 for the others.</summary>
    public int Rounds { get; }

    /// <summary>The hash as written in the Secret, in UTF-8.</summary>
    public ReadOnlySpan<byte> Reveal() => _text;

    /// <summary>The salt as written; empty if the scheme has none or does not separate it.</summary>
    public ReadOnlySpan<byte> RevealSalt() => _text.AsSpan(_salt);

    /// <summary>The expected result of a verification, as written.</summary>
    public ReadOnlySpan<byte> RevealDigest() => _text.AsSpan(_digest);

    public override string ToString() => "[redacted]";

    /// <summary>Reads a hash. The problem never quotes what was read.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PasswordHash? hash, [NotNullWhen(false)] out string? problem)
    {
        (hash, problem) = text switch
        {
            "" => (null, "has no hash"),
            ['$', '2', 'a' or 'b' or 'y', '$', ..] => Bcrypt(text),
            ['$', 'a', 'p', 'r', '1', '$', ..] => Md5(PasswordScheme.Apr1, text, saltStart: 6),
            ['$', '1', '$', ..] => Md5(PasswordScheme.Md5Crypt, text, saltStart: 3),
            ['$', '5', '$', ..] => Sha2(PasswordScheme.Sha256Crypt, text, digestLength: 43),
            ['$', '6', '$', ..] => Sha2(PasswordScheme.Sha512Crypt, text, digestLength: 86),
            _ when text.StartsWith("{SHA}", StringComparison.Ordinal) => Sha1(PasswordScheme.Sha1, text, 5),
            _ when text.StartsWith("{SSHA}", StringComparison.Ordinal) => Sha1(PasswordScheme.SaltedSha1, text, 6),
            // nginx would allow requests without a password; a template with an unset variable writes this.
            "{PLAIN}" => (null, "has an empty password"),
            _ when text.StartsWith("{PLAIN}", StringComparison.Ordinal) => (new(PasswordScheme.Plain, text, ..0, 7..), null),
            { Length: 13 } when IsOf(CryptAlphabet, text) => (new(PasswordScheme.DesCrypt, text, ..2, 2..), null),
            _ => (null, "has a hash in an unknown format (known: $2y$, $2a$, $2b$, $apr1$, $1$, $5$, $6$, {SHA}, {SSHA}, {PLAIN}, DES crypt)"),
        };
        return hash is not null;
    }

    private static (PasswordHash?, string?) Bcrypt(string text)
    {
        if (text.Length != 60 || text[6] != '$' || !char.IsAsciiDigit(text[4]) || !char.IsAsciiDigit(text[5]) || !IsOf(CryptAlphabet, text.AsSpan(7)))
            return (null, "has a malformed bcrypt hash");
        var cost = int.Parse(text.AsSpan(4, 2), NumberStyles.None, CultureInfo.InvariantCulture);
        return cost is < 4 or > MaxBcryptCost
            ? (null, $"has a bcrypt hash whose cost is not between 4 and {MaxBcryptCost}")
            : (new(PasswordScheme.Bcrypt, text, 7..29, 29..), null);
    }

    private static (PasswordHash?, string?) Md5(PasswordScheme scheme, string text, int saltStart)
    {
        var saltEnd = SaltEnd(text, saltStart, maxLength: 8);
        return saltEnd < 0 || text.Length - saltEnd - 1 != 22 || !IsOf(CryptAlphabet, text.AsSpan(saltEnd + 1))
            ? (null, "has a malformed MD5 hash")
            : (new(scheme, text, saltStart..saltEnd, (saltEnd + 1)..), null);
    }

    private static (PasswordHash?, string?) Sha2(PasswordScheme scheme, string text, int digestLength)
    {
        const string prefix = "rounds=";
        var rounds = DefaultRounds;
        var saltStart = 3;
        if (text.AsSpan(3).StartsWith(prefix))
        {
            var end = text.IndexOf('$', 3);
            if (end < 0)
                return (null, "has a malformed SHA-2 hash");
            var number = text.AsSpan(3 + prefix.Length, end - 3 - prefix.Length);
            // crypt(3) clamps the rounds and writes the clamped number, so such a hash never matches there either.
            if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out rounds) || rounds is < 1000 or > MaxRounds || number[0] == '0')
                return (null, $"has a SHA-2 hash whose rounds are not between 1000 and {MaxRounds}");
            saltStart = end + 1;
        }

        var saltEnd = SaltEnd(text, saltStart, maxLength: 16);
        return saltEnd < 0 || text.Length - saltEnd - 1 != digestLength || !IsOf(CryptAlphabet, text.AsSpan(saltEnd + 1))
            ? (null, "has a malformed SHA-2 hash")
            : (new(scheme, text, saltStart..saltEnd, (saltEnd + 1).., rounds), null);
    }

    private static (PasswordHash?, string?) Sha1(PasswordScheme scheme, string text, int start)
    {
        var decoded = new byte[text.Length];
        // nginx compares it as text, so only the canonical encoding matches.
        return !Convert.TryFromBase64Chars(text.AsSpan(start), decoded, out var length)
            || (scheme == PasswordScheme.Sha1 ? length != 20 : length < 20)
            || !text.AsSpan(start).SequenceEqual(Convert.ToBase64String(decoded, 0, length))
            ? (null, "has a malformed SHA-1 hash")
            : (new(scheme, text, ..0, start..), null);
    }

    /// <summary>The end of the salt; -1 when there is none of that length.</summary>
    private static int SaltEnd(string text, int start, int maxLength)
    {
        var end = text.IndexOf('$', start);
        return end < 0 || end - start > maxLength || text.AsSpan(start, end - start).ContainsAnyExceptInRange('!', '~') ? -1 : end;
    }

    private static bool IsOf(string alphabet, ReadOnlySpan<char> text) => !text.ContainsAnyExcept(alphabet);
}
