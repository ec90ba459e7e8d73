using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.BackendTls;

/// <summary>TLS to the backends of an Ingress: client certificate, verification, name, versions and ciphers.</summary>
public static class BackendTlsFeature
{
    /// <summary>The annotations that have no effect without one of the others.</summary>
    private static readonly AnnotationKey[] Dependent =
    [
        BackendTlsKeys.Verify, BackendTlsKeys.VerifyDepth, BackendTlsKeys.Name, BackendTlsKeys.SendName, BackendTlsKeys.Protocols, BackendTlsKeys.Ciphers,
    ];

    public static RouteFeature Feature { get; } = new("Backend TLS", BackendTlsKeys.All, Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        if (annotations.IsEmpty)
            return [];
        if (!BackendTlsKeys.All.Except(Dependent).Any(annotations.IsSet))
        {
            foreach (var key in Dependent.Where(annotations.IsSet))
                annotations.Report(key, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "proxy-ssl-secret is not set"));
            return [];
        }

        var settings = ReadSettings(context);
        // With a part of them, a connection would be less secure than asked for.
        return context.ClosedReason is null ? [new BackendTlsPolicy(settings)] : [];
    }

    private static BackendTlsSettings ReadSettings(PolicyContext context)
    {
        var annotations = context.Annotations;
        var tls = BackendTlsObjects.Read(context);
        var isVerified = IsVerified(annotations, tls);
        var name = ReadName(annotations);
        return tls with
        {
            IsVerified = isVerified,
            MaxIntermediates = ReadDepth(annotations, isVerified),
            ServerName = name,
            SendsServerName = ReadSendName(annotations, name),
            Versions = annotations.Read(BackendTlsKeys.Protocols, BackendTlsSettings.AllVersions),
            Ciphers = ReadCiphers(annotations),
        };
    }

    private static bool? IsVerified(AnnotationReader annotations, BackendTlsSettings tls)
    {
        var isSet = annotations.TryRead(BackendTlsKeys.Verify, out var isOn);
        if (tls.IsRequired)
        {
            if (isSet && !isOn)
                annotations.Report(BackendTlsKeys.Verify, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "backend-tls-ca is set, so certificates are verified"));
            return true;
        }

        // ingress-nginx accepts any certificate then.
        if (isSet && isOn && tls.Authorities is null)
        {
            annotations.Refuse(BackendTlsKeys.Verify, annotations.IsSet(BackendTlsKeys.Secret)
                ? "needs ca.crt in the Secret of proxy-ssl-secret; add it, or set backend-tls-ca"
                : "needs the authorities; set backend-tls-ca, or proxy-ssl-secret with ca.crt");
        }

        // As in ingress-nginx, a Secret with ca.crt alone verifies nothing in the cluster.
        return isSet ? isOn : null;
    }

    private static int? ReadDepth(AnnotationReader annotations, bool? isVerified)
    {
        var isSet = annotations.TryRead(BackendTlsKeys.VerifyDepth, out var depth);
        if (annotations.IsSet(BackendTlsKeys.VerifyDepth) && isVerified == false)
            annotations.Report(BackendTlsKeys.VerifyDepth, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "proxy-ssl-verify is off"));
        return isSet ? depth : isVerified == true ? 1 : null;
    }

    private static string? ReadName(AnnotationReader annotations)
    {
        var own = annotations.TryRead(BackendTlsKeys.ServerName, out var name) ? name : null;
        if (own is null)
            return annotations.TryRead(BackendTlsKeys.Name, out var other) ? other : null;
        if (annotations.IsSet(BackendTlsKeys.Name))
        {
            var winner = annotations.FullNameOf(BackendTlsKeys.ServerName);
            annotations.Report(BackendTlsKeys.Name, (ingress, field) => DiagnosticCatalog.AnnotationOverridden(ingress, field, winner));
        }

        return own;
    }

    private static bool? ReadSendName(AnnotationReader annotations, string? name)
    {
        if (!annotations.TryRead(BackendTlsKeys.SendName, out var sends))
            return annotations.IsSet(BackendTlsKeys.ServerName) ? true : null;
        if (sends && name is null)
        {
            annotations.Report(BackendTlsKeys.SendName, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(
                ingress, field, "proxy-ssl-name is not set", " on endpoints in the cluster"));
        }

        return sends;
    }

    private static EquatableArray<System.Net.Security.TlsCipherSuite> ReadCiphers(AnnotationReader annotations)
    {
        if (!annotations.TryRead(BackendTlsKeys.Ciphers, out var list))
            return [];
        if (list.Unknown.Count > 0)
        {
            annotations.Report(BackendTlsKeys.Ciphers, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(
                ingress, field, "this controller has no such cipher", $" for {DiagnosticText.Shorten(string.Join(", ", list.Unknown))}"));
        }

        return list.Suites;
    }
}
