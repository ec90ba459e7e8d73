using System.Text.Json;
using IngressController.Routing.Features.Authentication;
using Microsoft.IdentityModel.Tokens;

namespace IngressController.Features.JsonWebTokens;

/// <summary>The keys of one issuer. They are fetched in the background: no request waits for them.</summary>
internal sealed class JwtKeySet(JwtKeySource source)
{
    private const int MinRsaBits = 2048;

    private volatile JsonWebKey[]? _keys;
    private volatile string? _problem;
    private volatile bool _isFetching;
    private volatile bool _isKeyMissing;
    private string? _text;

    public JwtKeySource Source => source;

    /// <summary>The time of the next fetch. Like the next one, it is changed before a fetch ends only.</summary>
    public long FetchAt { get; set; }

    /// <summary>The time before which no fetch is made for an unknown key.</summary>
    public long NotBefore { get; set; }

    public bool IsFetching { get => _isFetching; set => _isFetching = value; }

    /// <summary>True if a token has named a key that is not known.</summary>
    public bool IsKeyMissing { get => _isKeyMissing; set => _isKeyMissing = value; }

    /// <summary>The reason why the last fetch failed; null if it did not.</summary>
    public string? Problem { get => _problem; set => _problem = value; }

    /// <summary>True if keys were fetched at least once.</summary>
    public bool HasKeys => _keys is not null;

    /// <summary>Replaces the keys by those of a JSON Web Key Set.</summary>
    /// <returns>The problem of a text that is no key set or has no usable key, so that the last keys stay; else null.</returns>
    public string? TryReplace(string text)
    {
        if (text == _text)
            return null;
        try
        {
            JsonWebKey[] keys = [.. new JsonWebKeySet(text).Keys.Where(IsUsable)];
            if (keys.Length == 0)
                return $"it has no key for signatures of type EC, or RSA with at least {MinRsaBits} bits";
            (_keys, _text) = (keys, text);
            return null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or JsonException)
        {
            return "it is not a JSON Web Key Set";
        }
    }

    /// <summary>The keys that can have signed a token: that of its key id, or all of its algorithm if it has none.</summary>
    public IEnumerable<SecurityKey> Find(string? id, string algorithm)
    {
        var keys = _keys ?? [];
        var found = Array.FindAll(keys, key => (string.IsNullOrEmpty(id) || key.KeyId == id) && (string.IsNullOrEmpty(key.Alg) || key.Alg == algorithm));
        if (found.Length == 0 && !string.IsNullOrEmpty(id))
            IsKeyMissing = true;
        return found;
    }

    /// <summary>Public keys for signatures only: a symmetric one would let everyone who knows it issue tokens.</summary>
    private static bool IsUsable(JsonWebKey key) =>
        key is { Kty: JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve, Use: null or "" or "sig" }
        && (key.Kty != JsonWebAlgorithmsKeyTypes.RSA || key.KeySize >= MinRsaBits);
}
