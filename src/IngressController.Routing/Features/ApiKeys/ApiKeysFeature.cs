using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.ApiKeys;

/// <summary>Only clients with a key are allowed.</summary>
/// <param name="Keys">The clients and their keys.</param>
/// <param name="Header">The header that holds the key.</param>
/// <param name="Secret">The Secret with the keys.</param>
public sealed record ApiKeyPolicy(ApiKeySet Keys, string Header, ResourceName Secret) : RoutePolicy;

/// <summary>API keys from a Secret.</summary>
public static class ApiKeysFeature
{
    /// <summary>The header that tells the backend which client sent the request.</summary>
    public const string ClientHeader = "X-API-Client";

    private const string DefaultHeader = "X-API-Key";

    /// <summary>Headers that the connection, the body or the routing needs.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Cookie", "Expect", "Host", "Keep-Alive", "Proxy", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "CDN-Loop", ClientHeader,
    };

    public static AnnotationKey<ResourceName> Secret { get; } = new()
    {
        Name = "api-key-secret",
        Form = ValueForms.OwnObject("Secret"),
        OnBadValue = OnBadValue.CloseRoute,
        IsAccessCheck = true,
        Documentation = "The Secret with the API keys: each key of its data is the name of a client, and its value is the client's API key (printable ASCII). Requests without one of the keys "
            + $"in api-key-header get 401. The backend gets the request without the key, with the name of the client in {ClientHeader}; $remote_user is the name too, and rate-limit-key "
            + "can contain api-client. While the Secret does not exist or has no usable key, the paths answer 503. A changed Secret is live without a restart.",
    };

    public static AnnotationKey<string> Header { get; } = new()
    {
        Name = "api-key-header",
        Form = new("the name of a header", text =>
            !HttpToken.IsToken(text) ? ValueForm<string>.Refuse("is not the name of a header")
            : Reserved.Contains(text.Replace('_', '-')) || ProxyHeaders.Contains(text) ? ValueForm<string>.Refuse("is a header with another meaning; use one such as X-API-Key")
            : text),
        OnBadValue = OnBadValue.CloseRoute,
        Default = DefaultHeader,
        Documentation = "The request header that holds the API key of api-key-secret, as its whole value.",
    };

    public static RouteFeature Feature { get; } = new("API keys", [Secret, Header], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        if (!annotations.IsSet(Secret))
        {
            if (annotations.IsSet(Header))
                annotations.Report(Header, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "api-key-secret is not set"));
            yield break;
        }

        var header = annotations.Read(Header, DefaultHeader);
        if (annotations.TryRead(Secret, out var named) && FindKeys(context, named) is { } keys)
            yield return new ApiKeyPolicy(keys, header, named with { Namespace = context.Ingress.Namespace });
    }

    private static ApiKeySet? FindKeys(PolicyContext context, ResourceName named)
    {
        if (!context.TryOwn(Secret, "Secret", named, out var name))
            return null;
        var field = context.Annotations.FieldOf(Secret);
        if (context.FindSecret(name) is not { } secret)
        {
            context.Report(context.FindTlsSecret(name) is null
                ? DiagnosticCatalog.PolicySecretNotFound(context.Ingress, field, name)
                : DiagnosticCatalog.PolicySecretInvalid(context.Ingress, field, name, "has type kubernetes.io/tls; use type Opaque", closes: true));
            context.Close($"Secret {name} cannot be used");
            return null;
        }

        var parsed = ApiKeySetParser.Parse(secret);
        foreach (var problem in parsed.Problems)
            context.Report(DiagnosticCatalog.PolicySecretInvalid(context.Ingress, field, name, problem, closes: false));
        if (parsed.Keys is null)
        {
            context.Report(DiagnosticCatalog.PolicySecretInvalid(context.Ingress, field, name, "holds no usable key; each key of its data is a client", closes: true));
            context.Close($"Secret {name} has no API keys");
        }

        return parsed.Keys;
    }
}
