using System.Text;
using System.Text.Json;
using IngressController.Routing.Features.Authentication;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IngressController.Features.JsonWebTokens;

/// <summary>The claims of a valid token that a route uses.</summary>
internal static class JwtClaims
{
    /// <summary>The first claim that a token does not have as it must; null if it has all.</summary>
    public static string? FindMissing(JwtPolicy policy, JsonElement claims)
    {
        foreach (var (claim, values) in policy.Requirements)
        {
            if (Find(claims, claim) is not { } found || !Values(claim, found).Any(value => values.Count == 0 || values.Contains(value)))
                return claim;
        }

        return null;
    }

    /// <summary>The headers for the backend. A claim that a header cannot hold is missing.</summary>
    public static (string Name, string Value)[] Headers(JwtPolicy policy, JsonElement claims)
    {
        var headers = new List<(string, string)>();
        foreach (var (claim, header) in policy.ClaimHeaders)
        {
            if (Find(claims, claim) is { } found && TextOf(found) is { Length: > 0 } text && !text.Any(char.IsControl))
                headers.Add((header, Line(text)));
        }

        return [.. headers];
    }

    public static JsonDocument Of(JsonWebToken token) => JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));

    /// <summary>A claim by its exact name, or by names of nested objects with dots.</summary>
    private static JsonElement? Find(JsonElement claims, string name)
    {
        if (claims.ValueKind != JsonValueKind.Object)
            return null;
        if (claims.TryGetProperty(name, out var exact))
            return exact.ValueKind == JsonValueKind.Null ? null : exact;
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            if (claims.TryGetProperty(name[..dot], out var outer) && Find(outer, name[(dot + 1)..]) is { } nested)
                return nested;
        }

        return null;
    }

    /// <summary>The values of a claim. Scopes are one text with blanks (RFC 8693, 4.2).</summary>
    private static IEnumerable<string> Values(string claim, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().Select(TextOf).OfType<string>(),
        JsonValueKind.String when claim is "scope" or "scp" => element.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        _ => TextOf(element) is { } text ? [text] : [],
    };

    /// <summary>The text as UTF-8, of which every char is one byte.</summary>
    private static string Line(string text) => Ascii.IsValid(text) ? text : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static string? TextOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Array => string.Join(",", element.EnumerateArray().Select(TextOf).OfType<string>()),
        _ => null,
    };
}
