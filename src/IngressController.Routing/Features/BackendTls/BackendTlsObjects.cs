using IngressController.Routing.Annotations;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.BackendTls;

/// <summary>Reads the certificates of connections to a backend from the Secrets and the ConfigMap that an Ingress names.</summary>
internal static class BackendTlsObjects
{
    private const string AuthoritiesKey = "ca.crt";

    /// <summary>The settings with their certificates. The paths of the Ingress are closed if one is missing or invalid.</summary>
    public static BackendTlsSettings Read(PolicyContext context)
    {
        var tls = ReadSecret(context);
        if (ReadOwn(context, BackendTlsKeys.ClientCertificate, ReadCertificate) is { } certificate)
            tls = tls with { ClientCertificate = certificate };
        if (!context.Annotations.IsSet(BackendTlsKeys.Authorities))
            return tls;
        var authorities = ReadOwn(context, BackendTlsKeys.Authorities, ReadConfigMap);
        return tls with { IsRequired = true, Authorities = authorities?.Value, AuthoritiesSource = authorities?.Source };
    }

    /// <summary>Reads proxy-ssl-secret. What another annotation replaces is not read.</summary>
    private static BackendTlsSettings ReadSecret(PolicyContext context)
    {
        if (Find(context, BackendTlsKeys.Secret) is not { } secret)
            return new BackendTlsSettings();
        var annotations = context.Annotations;
        if (!secret.HasCertificate && secret.AuthoritiesText is null)
        {
            Refuse(context, BackendTlsKeys.Secret, secret.Name, $"contains neither tls.crt with tls.key nor {AuthoritiesKey}");
            return new BackendTlsSettings();
        }

        var tls = new BackendTlsSettings();
        if (secret.HasCertificate && !annotations.IsSet(BackendTlsKeys.ClientCertificate))
            tls = tls with { ClientCertificate = ReadCertificate(context, BackendTlsKeys.Secret, secret) };
        if (secret.AuthoritiesText is { } text && !annotations.IsSet(BackendTlsKeys.Authorities))
        {
            var authorities = CertificateAuthorities.TryParse(text, out var problem);
            if (authorities is null)
                Refuse(context, BackendTlsKeys.Secret, secret.Name, $"data[{AuthoritiesKey}] {problem}");
            tls = tls with { Authorities = authorities, AuthoritiesSource = $"Secret {secret.Name}" };
        }

        return tls;
    }

    private static ClientCertificate? ReadCertificate(PolicyContext context, AnnotationKey<ResourceName> key, ResourceName name) =>
        Find(context, key, name) is { } secret ? ReadCertificate(context, key, secret) : null;

    /// <summary>The certificate as it is now: that of an earlier version must not outlive an invalid one.</summary>
    private static ClientCertificate? ReadCertificate(PolicyContext context, AnnotationKey key, TlsSecret secret)
    {
        if (secret is { Problem: null, Certificate: { } certificate })
            return new ClientCertificate(secret.Name, certificate);
        Refuse(context, key, secret.Name, secret.Problem ?? "holds no certificate");
        return null;
    }

    private static NamedAuthorities? ReadConfigMap(PolicyContext context, AnnotationKey<ResourceName> key, ResourceName name)
    {
        var field = context.Annotations.FieldOf(key);
        if (context.FindConfigMap(name) is not { } configMap)
        {
            context.Report(DiagnosticCatalog.PolicyConfigMapNotFound(context.Ingress, field, name));
            context.Close($"ConfigMap {name} does not exist");
            return null;
        }

        var problem = "is missing or empty";
        if (configMap.Data?.TryGetValue(AuthoritiesKey, out var text) == true && !string.IsNullOrWhiteSpace(text)
            && CertificateAuthorities.TryParse(text, out problem) is { } authorities)
        {
            return new(authorities, $"ConfigMap {name}");
        }

        context.Report(DiagnosticCatalog.PolicyConfigMapInvalid(context.Ingress, field, name, $"data[{AuthoritiesKey}] {problem}", closes: true));
        context.Close($"ConfigMap {name} holds no authorities");
        return null;
    }

    private static TlsSecret? Find(PolicyContext context, AnnotationKey<ResourceName> key) =>
        context.Annotations.TryRead(key, out var named) && context.TryOwn(key, "Secret", named, out var name) ? Find(context, key, name) : null;

    private static TlsSecret? Find(PolicyContext context, AnnotationKey key, ResourceName name)
    {
        if (context.FindTlsSecret(name) is { } secret)
            return secret;
        context.Report(DiagnosticCatalog.PolicySecretNotFound(context.Ingress, context.Annotations.FieldOf(key), name));
        context.Close($"Secret {name} does not exist");
        return null;
    }

    /// <summary>Reads an object of the Ingress's own namespace that an annotation names.</summary>
    private static T? ReadOwn<T>(PolicyContext context, AnnotationKey<ResourceName> key, Func<PolicyContext, AnnotationKey<ResourceName>, ResourceName, T?> read)
        where T : class =>
        context.Annotations.TryRead(key, out var named) && context.TryOwn(key, key == BackendTlsKeys.Authorities ? "ConfigMap" : "Secret", named, out var name)
            ? read(context, key, name)
            : null;

    private static void Refuse(PolicyContext context, AnnotationKey key, ResourceName secret, string problem)
    {
        context.Report(DiagnosticCatalog.PolicySecretInvalid(context.Ingress, context.Annotations.FieldOf(key), secret, problem, closes: true));
        context.Close($"Secret {secret} cannot be used");
    }

    private sealed record NamedAuthorities(CertificateAuthorities Value, string Source);
}
