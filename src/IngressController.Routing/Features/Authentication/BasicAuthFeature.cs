using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Authentication;

/// <summary>Users and passwords from a Secret.</summary>
public static class BasicAuthFeature
{
    public static AnnotationKey<bool> AuthType { get; } = new()
    {
        Name = "auth-type",
        Difference = "digest is not supported: the paths answer 503. Use basic over https.",
        // The value answers "is it basic".
        Form = ValueForms.OneOf(("basic", true), ("digest", false)),
        OnBadValue = OnBadValue.CloseRoute,
        IsAccessCheck = true,
        Documentation = "basic requires a user name and password of auth-secret; without valid ones, the response is 401. The backend gets the "
            + "request without its Authorization header, and $remote_user is the user name. digest is not supported: the paths answer 503.",
    };

    public static AnnotationKey<ResourceName> AuthSecret { get; } = new()
    {
        Name = "auth-secret",
        Difference = "A Secret of another namespace is never allowed; ingress-nginx has a setting for it.",
        Form = ValueForms.OwnObject("Secret"),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "The Secret with the users. It must be in the namespace of the Ingress. While it does not exist or has no users, the paths "
            + "answer 503.",
    };

    public static AnnotationKey<CredentialForm> AuthSecretType { get; } = new()
    {
        Name = "auth-secret-type",
        Form = ValueForms.OneOf(("auth-file", CredentialForm.AuthFile), ("auth-map", CredentialForm.AuthMap)),
        OnBadValue = OnBadValue.CloseRoute,
        Default = "auth-file",
        Documentation = "The format of the Secret. auth-file: its key auth is an htpasswd file. auth-map: each key is a user name, and its value the "
            + "password hash. Hashes: bcrypt, apr1, {SHA}, {SSHA}, {PLAIN}, and MD5, SHA-256, SHA-512 and DES crypt.",
    };

    public static AnnotationKey<string> AuthRealm { get; } = new()
    {
        Name = "auth-realm",
        Form = new("printable ASCII text", text =>
            text.All(c => c is >= ' ' and <= '~') ? text : ValueForm<string>.Refuse("contains a character that is not printable ASCII")),
        OnBadValue = OnBadValue.CloseRoute,
        Default = "empty",
        Documentation = "The realm, which clients show in their password prompt.",
    };

    public static RouteFeature Feature { get; } = new("Basic authentication", [AuthType, AuthSecret, AuthSecretType, AuthRealm], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        var isAsked = annotations.TryRead(AuthType, out var isBasic);
        if (!annotations.IsSet(AuthType))
        {
            // ingress-nginx serves these paths openly. A Secret with users means the opposite.
            annotations.Refuse(AuthSecret, "is set without auth-type; set auth-type to basic, or remove it");
            foreach (var key in ((AnnotationKey[])[AuthSecretType, AuthRealm]).Where(annotations.IsSet))
                annotations.Report(key, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "auth-type is not set"));
            yield break;
        }

        var form = annotations.Read(AuthSecretType, CredentialForm.AuthFile);
        var realm = annotations.Read(AuthRealm, "");
        var hasSecret = annotations.TryRead(AuthSecret, out var named);
        if (isAsked && !isBasic)
            annotations.Refuse(AuthType, "is not supported; use basic over https");
        if (!annotations.IsSet(AuthSecret))
            annotations.Refuse(AuthType, "needs auth-secret, which is not set");
        if (isBasic && hasSecret && FindUsers(context, named, form) is { } users)
            yield return new BasicAuthPolicy(users, realm, named with { Namespace = context.Ingress.Namespace }, context.Settings.Get<AuthenticationSettings>().NoAuthLocations);
    }

    private static CredentialSet? FindUsers(PolicyContext context, ResourceName named, CredentialForm form)
    {
        if (!context.TryOwn(AuthSecret, "Secret", named, out var name))
            return null;
        var field = context.Annotations.FieldOf(AuthSecret);
        if (context.FindSecret(name) is not { } secret)
        {
            context.Report(DiagnosticCatalog.PolicySecretNotFound(context.Ingress, field, name));
            context.Close($"Secret {name} does not exist");
            return null;
        }

        var parsed = CredentialSetParser.Parse(secret, form);
        foreach (var problem in parsed.UserProblems)
            context.Report(DiagnosticCatalog.PolicySecretInvalid(context.Ingress, field, name, problem, closes: false));
        if (parsed.Users is null)
        {
            context.Report(DiagnosticCatalog.PolicySecretInvalid(context.Ingress, field, name, parsed.Problem!, closes: true));
            context.Close($"Secret {name} has no users");
        }

        return parsed.Users;
    }
}
