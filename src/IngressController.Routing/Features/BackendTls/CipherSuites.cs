using System.Net.Security;
using static System.Net.Security.TlsCipherSuite;

namespace IngressController.Routing.Features.BackendTls;

/// <summary>The cipher suites that OpenSSL has at its default security level, with the words that select them in a cipher list.</summary>
internal static class CipherSuites
{
    /// <summary>Of TLS 1.3. Cipher lists of OpenSSL do not select them.</summary>
    public static EquatableArray<TlsCipherSuite> OfTls13 { get; } = [TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256];

    /// <summary>Of TLS 1.2, in the order of OpenSSL's default.</summary>
    public static IReadOnlyList<NamedCipher> OfTls12 { get; } =
    [
        new("ECDHE-ECDSA-AES256-GCM-SHA384", TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
        new("ECDHE-RSA-AES256-GCM-SHA384", TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
        new("DHE-RSA-AES256-GCM-SHA384", TLS_DHE_RSA_WITH_AES_256_GCM_SHA384),
        new("ECDHE-ECDSA-CHACHA20-POLY1305", TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
        new("ECDHE-RSA-CHACHA20-POLY1305", TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
        new("DHE-RSA-CHACHA20-POLY1305", TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
        new("ECDHE-ECDSA-AES128-GCM-SHA256", TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        new("ECDHE-RSA-AES128-GCM-SHA256", TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
        new("DHE-RSA-AES128-GCM-SHA256", TLS_DHE_RSA_WITH_AES_128_GCM_SHA256),
        new("ECDHE-ECDSA-AES256-SHA384", TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384),
        new("ECDHE-RSA-AES256-SHA384", TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384),
        new("DHE-RSA-AES256-SHA256", TLS_DHE_RSA_WITH_AES_256_CBC_SHA256),
        new("ECDHE-ECDSA-AES128-SHA256", TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256),
        new("ECDHE-RSA-AES128-SHA256", TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256),
        new("DHE-RSA-AES128-SHA256", TLS_DHE_RSA_WITH_AES_128_CBC_SHA256),
        new("ECDHE-ECDSA-AES256-SHA", TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA),
        new("ECDHE-RSA-AES256-SHA", TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA),
        new("DHE-RSA-AES256-SHA", TLS_DHE_RSA_WITH_AES_256_CBC_SHA),
        new("ECDHE-ECDSA-AES128-SHA", TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA),
        new("ECDHE-RSA-AES128-SHA", TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA),
        new("DHE-RSA-AES128-SHA", TLS_DHE_RSA_WITH_AES_128_CBC_SHA),
        new("AES256-GCM-SHA384", TLS_RSA_WITH_AES_256_GCM_SHA384),
        new("AES128-GCM-SHA256", TLS_RSA_WITH_AES_128_GCM_SHA256),
        new("AES256-SHA256", TLS_RSA_WITH_AES_256_CBC_SHA256),
        new("AES128-SHA256", TLS_RSA_WITH_AES_128_CBC_SHA256),
        new("AES256-SHA", TLS_RSA_WITH_AES_256_CBC_SHA),
        new("AES128-SHA", TLS_RSA_WITH_AES_128_CBC_SHA),
    ];

    /// <summary>The words that select groups, as openssl-ciphers(1) defines them. Most weak ones select nothing any more.</summary>
    private static readonly Dictionary<string, Func<NamedCipher, bool>> Words = new(StringComparer.Ordinal)
    {
        ["DEFAULT"] = _ => true,
        ["ALL"] = _ => true,
        ["HIGH"] = _ => true,
        ["TLSv1.2"] = cipher => cipher.IsAead || cipher.Name.EndsWith("SHA256", StringComparison.Ordinal) || cipher.Name.EndsWith("SHA384", StringComparison.Ordinal),
        ["ECDHE"] = cipher => cipher.IsEcdhe,
        ["EECDH"] = cipher => cipher.IsEcdhe,
        ["kECDHE"] = cipher => cipher.IsEcdhe,
        ["kEECDH"] = cipher => cipher.IsEcdhe,
        ["DHE"] = cipher => cipher.IsDhe,
        ["EDH"] = cipher => cipher.IsDhe,
        ["kDHE"] = cipher => cipher.IsDhe,
        ["kEDH"] = cipher => cipher.IsDhe,
        ["RSA"] = cipher => cipher.IsRsa,
        ["kRSA"] = cipher => cipher.IsRsa,
        ["aRSA"] = cipher => !cipher.IsEcdsa,
        ["ECDSA"] = cipher => cipher.IsEcdsa,
        ["aECDSA"] = cipher => cipher.IsEcdsa,
        ["AES"] = cipher => cipher.Has("AES"),
        ["AES128"] = cipher => cipher.Has("AES128"),
        ["AES256"] = cipher => cipher.Has("AES256"),
        ["AESGCM"] = cipher => cipher.Has("GCM"),
        ["CHACHA20"] = cipher => cipher.Has("CHACHA20"),
        ["SHA"] = cipher => cipher.Name.EndsWith("-SHA", StringComparison.Ordinal),
        ["SHA1"] = cipher => cipher.Name.EndsWith("-SHA", StringComparison.Ordinal),
        ["SHA256"] = cipher => !cipher.IsAead && cipher.Has("SHA256"),
        ["SHA384"] = cipher => !cipher.IsAead && cipher.Has("SHA384"),
    };

    private static readonly HashSet<string> EmptyWords = new(StringComparer.Ordinal)
    {
        "COMPLEMENTOFDEFAULT", "COMPLEMENTOFALL", "MEDIUM", "LOW", "EXP", "EXPORT", "NULL", "eNULL", "aNULL", "ADH", "AECDH", "DH", "DSS", "aDSS", "ECDH", "PSK", "kPSK", "SRP",
        "aPSK", "AESCCM", "AESCCM8", "ARIA", "ARIA128", "ARIA256", "CAMELLIA", "CAMELLIA128", "CAMELLIA256", "3DES", "DES", "RC2", "RC4", "IDEA", "SEED", "MD5", "GOST", "CBC",
        "TLSv1", "TLSv1.0", "SSLv3", "SSLv2",
    };

    /// <summary>The suites that a word, a name, or several words joined with + select; null for an unknown one.</summary>
    public static IReadOnlyList<NamedCipher>? Select(string text)
    {
        IEnumerable<NamedCipher> selected = OfTls12;
        foreach (var word in text.Split('+'))
        {
            if (Words.TryGetValue(word, out var isSelected))
                selected = selected.Where(isSelected);
            else if (EmptyWords.Contains(word))
                selected = [];
            else if (OfTls12.Any(cipher => cipher.Name == word))
                selected = selected.Where(cipher => cipher.Name == word);
            else
                return null;
        }

        return [.. selected];
    }
}

/// <summary>A cipher suite under OpenSSL's name.</summary>
internal sealed record NamedCipher(string Name, TlsCipherSuite Suite)
{
    public bool IsEcdhe => Name.StartsWith("ECDHE-", StringComparison.Ordinal);

    public bool IsDhe => Name.StartsWith("DHE-", StringComparison.Ordinal);

    public bool IsRsa => !IsEcdhe && !IsDhe;

    public bool IsEcdsa => Has("-ECDSA-");

    public bool IsAead => Has("GCM") || Has("CHACHA20");

    public bool Has(string part) => Name.Contains(part, StringComparison.Ordinal);
}
