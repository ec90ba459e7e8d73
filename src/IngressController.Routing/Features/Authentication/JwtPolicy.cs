using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Authentication;

/// <summary>Only requests with a valid JSON Web Token are allowed (RFC 7519).</summary>
public sealed record JwtPolicy : RoutePolicy
{
    /// <summary>The exact <c>iss</c>.</summary>
    public required string Issuer { get; init; }

    /// <summary>One of these is in <c>aud</c>; empty allows any.</summary>
    public EquatableArray<string> Audiences { get; init; } = [];

    public required JwtKeySource Keys { get; init; }

    /// <summary>The difference of clocks that is tolerated.</summary>
    public TimeSpan ClockSkew { get; init; }

    /// <summary>The request header with the token.</summary>
    public string Header { get; init; } = "Authorization";

    /// <summary>The claims that the backend gets as headers.</summary>
    public EquatableArray<JwtClaimHeader> ClaimHeaders { get; init; } = [];

    /// <summary>All of these hold for the token.</summary>
    public EquatableArray<JwtClaimRequirement> Requirements { get; init; } = [];

    /// <summary>Rules whose path begins with one of these need no token.</summary>
    public EquatableArray<string> ExemptPaths { get; init; } = [];
}

/// <summary>The place of the keys of an issuer. Closed.</summary>
public abstract record JwtKeySource
{
    private JwtKeySource()
    {
    }

    /// <summary>The URL of a JSON Web Key Set (RFC 7517).</summary>
    public sealed record Set(Uri Address) : JwtKeySource;

    /// <summary>The metadata of the issuer with the address of the set (OpenID Connect Discovery 1.0, 4).</summary>
    public sealed record Discovery(Uri Address, string Issuer) : JwtKeySource;

    /// <summary>A JSON Web Key Set in a Secret. It can hold private parts, so it never prints.</summary>
    public sealed record Text(string Json, ResourceName Secret) : JwtKeySource
    {
        public override string ToString() => $"Text {{ Json = [redacted], Secret = {Secret} }}";
    }
}

/// <summary>A claim as a header of the request to the backend.</summary>
/// <param name="Claim">The claim: its exact name, or names of nested objects separated by dots.</param>
/// <param name="Header">The name of the header.</param>
public sealed record JwtClaimHeader(string Claim, string Header);

/// <summary>A condition on a claim.</summary>
/// <param name="Claim">The claim, as in <see cref="JwtClaimHeader"/>.</param>
/// <param name="Values">One of these is its value, or one of its values; empty asks for any value.</param>
public sealed record JwtClaimRequirement(string Claim, EquatableArray<string> Values);
