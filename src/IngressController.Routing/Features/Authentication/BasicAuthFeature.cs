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
        // The value answers "is it basic".
        Form = ValueForms.OneOf(("basic", true), ("digest", false)),
        OnBadValue = OnBadValue.CloseRoute,
        IsAccessCheck = true,
        Documentation = "basic asks for a user and a password of auth-secret; without them, or with wrong ones, the answer is 401. The backend gets the request without "
            + "its Authorization header, and $remote_user is the user's name. digest is not supported: the paths answer 503.",
    };

    public static AnnotationKey<ResourceName> AuthSecret { get; } = new()
    {
        Name = "auth-secret",
        Form = new("the name of a Secret, or NAMESPACE/NAME with the Ingress's own namespace", text =>
            ResourceName.TryParse(text, out var name) ? name
            : text.Contains('/') ? ValueForm<ResourceName>.Refuse("is neither a name nor NAMESPACE/NAME")
            : new ResourceName("", text)),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "The Secret with the users. Only Secrets of the Ingress's own namespace can be named. While it does not exist, or holds no user, the paths answer 503.",
    };

    public static AnnotationKey<CredentialForm> AuthSecretType { get; } = new()
    {
        Name = "auth-secret-type",
        Form = ValueForms.OneOf(("auth-file", CredentialForm.AuthFile), ("auth-map", CredentialForm.AuthMap)),
        OnBadValue = OnBadValue.CloseRoute,
        Default = "auth-file",
        Documentation = "How the Secret holds users. auth-file: its key auth is a file of htpasswd. auth-map: each key is a user and its value the password's hash. Hashes: "
            + "bcrypt, apr1, SHA, SSHA, MD5, SHA-256 and SHA-512 crypt, and those of nginx besides.",
    };

    public static AnnotationKey<string> AuthRealm { get; } = new()
    {
        Name = "auth-realm",
        Form = new("text of visible ASCII characters and spaces", text =>
            text.All(c => c is >= ' ' and <= '~') ? text : ValueForm<string>.Refuse("holds a character that a realm cannot have; use ASCII")),
        OnBadValue = OnBadValue.CloseRoute,
        Default = "empty",
        Documentation = "What the client's password prompt says.",
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
            annotations.Refuse(AuthType, "is not supported; use basic, over https");
        if (!annotations.IsSet(AuthSecret))
            annotations.Refuse(AuthType, "needs auth-secret, which is not set");
        if (isBasic && hasSecret && FindUsers(context, named, form) is { } users)
            yield return new BasicAuthPolicy(users, realm, named with { Namespace = context.Ingress.Namespace }, context.Settings.Get<AuthenticationSettings>().NoAuthLocations);
    }

    private static CredentialSet? FindUsers(PolicyContext context, ResourceName named, CredentialForm form)
    {
        if (!context.IsOwn(named))
        {
            context.Annotations.Refuse(AuthSecret, $"is in another namespace; put the Secret into {context.Ingress.Namespace}");
            return null;
        }

        var name = named with { Namespace = context.Ingress.Namespace };
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
            context.Close($"Secret {name} holds no users");
        }

        return parsed.Users;
    }
}
