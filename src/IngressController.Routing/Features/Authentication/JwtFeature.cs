using System.Text;
using System.Text.Json;
using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Features.Authentication;

/// <summary>JSON Web Tokens of an issuer.</summary>
public static class JwtFeature
{
    private const string KeysKey = "jwks.json";

    public static AnnotationKey<string> Issuer { get; } = Key("jwt-issuer", JwtForms.Issuer, null,
        "Requires a JSON Web Token whose iss is exactly this text, signed by a key of the issuer (RS, PS or ES with 256, 384 or 512), with an exp that "
        + "has not passed. Without a valid token the response is 401. jwt-audience is needed too. The keys are those of jwt-keys-secret, else of jwks-uri, "
        + "else of the jwks_uri in ISSUER/.well-known/openid-configuration. They are fetched before requests need them, every 5 minutes, and at most "
        + "every 10 seconds when a token names an unknown key; while the issuer is away, the last ones stay. While there are none, the response is 503. "
        + "Rules whose path begins with one of the setting no-auth-locations are exempt.") with
    { IsAccessCheck = true };

    public static AnnotationKey<EquatableArray<string>> Audience { get; } = Key("jwt-audience", JwtForms.Audiences, null,
        "The audiences, of which the token has one in aud.");

    public static AnnotationKey<Uri> KeysUri { get; } = Key("jwks-uri", JwtForms.Address, "from the metadata of the issuer",
        "The URL of the issuer's keys, a JSON Web Key Set. Names are resolved as absolute names; those that end with .svc are Services. Loopback, "
        + "link-local and metadata addresses are refused as for ExternalName Services, and https certificates are verified.");

    public static AnnotationKey<ResourceName> KeysSecret { get; } = Key("jwt-keys-secret", ValueForms.OwnObject("Secret"), null,
        $"A Secret in the namespace of the Ingress with the keys: its key {KeysKey} is a JSON Web Key Set. Nothing is fetched then.");

    public static AnnotationKey<TimeSpan> ClockSkew { get; } = Key("jwt-clock-skew", ValueForms.Duration, "60s",
        "The difference of clocks that is tolerated in exp and nbf.", OnBadValue.UseDefault);

    public static AnnotationKey<string> Header { get; } = Key("jwt-header", JwtForms.Header, "Authorization",
        "The request header with the token. In Authorization it follows Bearer; in another one it may. The backend gets the header unchanged.");

    public static AnnotationKey<EquatableArray<JwtClaimHeader>> ClaimsToHeaders { get; } = Key("jwt-claims-to-headers", JwtForms.ClaimHeaders, null,
        "Claims that the backend gets as headers. The client's own headers of these names are removed, in any spelling. A claim with several values "
        + "is a comma-separated list. A claim is named exactly, or by the names of nested objects with dots: realm_access.roles.");

    public static AnnotationKey<EquatableArray<JwtClaimRequirement>> RequireClaims { get; } = Key("jwt-require-claims", JwtForms.Requirements, null,
        "Claims that a token must have, else the response is 403. Of the values after = one must be the claim's value, or one of its values; "
        + "scope and scp are lists separated by blanks. Values are case-sensitive.");

    public static RouteFeature Feature { get; } = new(
        "JSON Web Tokens", [Issuer, Audience, KeysUri, KeysSecret, ClockSkew, Header, ClaimsToHeaders, RequireClaims], Read);

    private static AnnotationKey<T> Key<T>(string name, ValueForm<T> form, string? @default, string documentation, OnBadValue onBadValue = OnBadValue.CloseRoute) => new()
    {
        Name = name,
        Form = form,
        Default = @default,
        OnBadValue = onBadValue,
        Documentation = documentation,
    };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        if (!annotations.IsSet(Issuer))
        {
            // Whoever sets one of them wants a protection.
            foreach (var key in Feature.Keys.Where(annotations.IsSet))
                annotations.Refuse(key, "is set without jwt-issuer; set jwt-issuer, or remove it");
            yield break;
        }

        var hasIssuer = annotations.TryRead(Issuer, out var issuer);
        var hasAudience = annotations.TryRead(Audience, out var audiences);
        if (!annotations.IsSet(Audience))
            annotations.Refuse(Issuer, "needs jwt-audience, which is not set; * allows any audience");
        var keys = hasIssuer ? ReadKeys(context, issuer) : null;
        var policy = new JwtPolicy
        {
            Issuer = issuer ?? "",
            Audiences = hasAudience ? audiences : [],
            Keys = keys!,
            ClockSkew = annotations.Read(ClockSkew, TimeSpan.FromSeconds(60)),
            Header = annotations.Read(Header, "Authorization"),
            ClaimHeaders = annotations.Read(ClaimsToHeaders, []),
            Requirements = annotations.Read(RequireClaims, []),
            ExemptPaths = context.Settings.Get<AuthenticationSettings>().NoAuthLocations,
        };
        if (hasAudience && keys is not null)
            yield return policy;
    }

    /// <summary>The place of the keys; null after a report that there is none.</summary>
    private static JwtKeySource? ReadKeys(PolicyContext context, string issuer)
    {
        var annotations = context.Annotations;
        if (annotations.IsSet(KeysSecret))
        {
            if (annotations.IsSet(KeysUri))
                annotations.Report(KeysUri, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "jwt-keys-secret has the keys"));
            return annotations.TryRead(KeysSecret, out var named) ? OfSecret(context, named) : null;
        }

        if (annotations.IsSet(KeysUri))
            return annotations.TryRead(KeysUri, out var address) && IsUsable(context, KeysUri, address) ? new JwtKeySource.Set(address) : null;
        var metadata = JwtForms.Address.Read($"{issuer.TrimEnd('/')}/.well-known/openid-configuration");
        if (metadata.Problem is not null)
        {
            annotations.Refuse(Issuer, "is not a URL, so its keys cannot be found; set jwks-uri or jwt-keys-secret");
            return null;
        }

        return IsUsable(context, Issuer, metadata.Value) ? new JwtKeySource.Discovery(metadata.Value, issuer) : null;
    }

    private static bool IsUsable(PolicyContext context, AnnotationKey key, Uri address)
    {
        var isRefused = !context.AllowsLocalAddresses && AuthUrlParser.Read(address.OriginalString) is { Problem: null, Value.IsLocal: true };
        if (isRefused)
            context.Annotations.Refuse(key, "leads to a local address (such as loopback, link-local or metadata); it is refused unless --allow-external-name-loopback is set");
        return !isRefused;
    }

    private static JwtKeySource.Text? OfSecret(PolicyContext context, ResourceName named)
    {
        if (!context.TryOwn(KeysSecret, "Secret", named, out var name))
            return null;
        var field = context.Annotations.FieldOf(KeysSecret);
        if (context.FindSecret(name) is not { } secret)
        {
            context.Report(DiagnosticCatalog.PolicySecretNotFound(context.Ingress, field, name));
            context.Close($"Secret {name} does not exist");
            return null;
        }

        var text = TextOf(secret);
        if (Problem(text) is { } problem)
        {
            context.Report(DiagnosticCatalog.PolicySecretInvalid(context.Ingress, field, name, $"data[{KeysKey}] {problem}", closes: true));
            context.Close($"Secret {name} has no keys");
            return null;
        }

        return new JwtKeySource.Text(text, name);
    }

    private static string TextOf(V1Secret secret) =>
        secret.StringData?.Find(KeysKey) is { Length: > 0 } text ? text : secret.Data?.Find(KeysKey) is { } bytes ? Encoding.UTF8.GetString(bytes) : "";

    /// <summary>The reason why a text is no key set; null if it is one. It never quotes the text.</summary>
    private static string? Problem(string text)
    {
        if (text.Length == 0)
            return "is missing or empty";
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
                return "is not a JSON Web Key Set: it has no list keys";
            return keys.EnumerateArray().Any(key => key.ValueKind == JsonValueKind.Object && key.TryGetProperty("kty", out var type) && type.ValueKind == JsonValueKind.String && (type.ValueEquals("RSA") || type.ValueEquals("EC")))
                ? null
                : "has no key of type RSA or EC";
        }
        catch (JsonException)
        {
            return "is not JSON";
        }
    }
}
