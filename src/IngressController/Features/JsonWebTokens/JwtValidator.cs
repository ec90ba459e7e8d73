using IngressController.Routing.Features.Authentication;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IngressController.Features.JsonWebTokens;

/// <summary>Validates the tokens of a route.</summary>
internal sealed class JwtValidator
{
    /// <summary>Larger than any header field that clients can send.</summary>
    private const int MaxLength = 64 * 1024;

    /// <summary>
    /// Signatures by private keys only. With an HMAC, whose key is the public key, anyone could sign (RFC 8725, 2.1 and 3.1).
    /// </summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = MaxLength, MapInboundClaims = false };

    private readonly TokenValidationParameters _parameters;

    public JwtValidator(JwtPolicy policy, JwtKeySet keys, TimeProvider time)
    {
        _parameters = new TokenValidationParameters
        {
            ValidIssuer = policy.Issuer,
            ValidateAudience = policy.Audiences.Count > 0,
            ValidAudiences = policy.Audiences,
            ValidAlgorithms = Algorithms,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (notBefore, expires, _, _) => IsInTime(notBefore, expires, policy.ClockSkew, time.GetUtcNow().UtcDateTime),
            IssuerSigningKeyResolver = (_, token, id, _) => token is JsonWebToken { Alg: var algorithm } ? keys.Find(id, algorithm) : [],
            TryAllIssuerSigningKeys = false,
        };
    }

    /// <summary>Validates a token. Its failure is data, never an exception.</summary>
    public async ValueTask<(JsonWebToken? Token, string Problem)> ValidateAsync(string token)
    {
        var result = await Handler.ValidateTokenAsync(token, _parameters);
        if (!result.IsValid)
            return (null, ProblemOf(result.Exception));
        // RFC 7515, 4.1.11: no extension is known.
        return result.SecurityToken is JsonWebToken valid && !valid.TryGetHeaderValue<object>("crit", out _) ? (valid, "") : (null, "the token is not valid");
    }

    private static bool IsInTime(DateTime? notBefore, DateTime? expires, TimeSpan skew, DateTime now) =>
        expires is { } end && now < Add(end, skew) && (notBefore is not { } start || now >= Add(start, -skew));

    private static DateTime Add(DateTime time, TimeSpan span) =>
        span > TimeSpan.Zero ? time > DateTime.MaxValue - span ? DateTime.MaxValue : time + span
        : time < DateTime.MinValue - span ? DateTime.MinValue : time + span;

    private static string ProblemOf(Exception error) => error switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenNoExpirationException
            => "the token has expired, is not valid yet, or has no exp",
        SecurityTokenInvalidIssuerException => "the token is of another issuer",
        SecurityTokenInvalidAudienceException => "the token is for another audience",
        SecurityTokenInvalidAlgorithmException => "the algorithm of the token is not allowed",
        SecurityTokenSignatureKeyNotFoundException => "the key of the token is not known",
        SecurityTokenInvalidSignatureException => "the signature of the token is not valid",
        _ => "the token is not valid",
    };
}
