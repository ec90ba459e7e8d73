using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.BackendProtocols;

/// <summary>The protocol towards the backends of an Ingress; takes precedence over their Services.</summary>
public static class BackendProtocolFeature
{
    /// <summary>FastCGI is known and not supported: sent as HTTP it would reach the application as garbage.</summary>
    private static readonly ValueForm<BackendProtocol?> Form = ValueForms.OneOf<BackendProtocol?>(
        ("HTTP", BackendProtocol.Http), ("HTTPS", BackendProtocol.Https), ("AUTO_HTTP", BackendProtocol.ClientScheme), ("GRPC", BackendProtocol.H2c),
        ("GRPCS", BackendProtocol.H2), ("FCGI", null));

    public static AnnotationKey<BackendProtocol?> BackendProtocolKey { get; } = new()
    {
        Name = "backend-protocol",
        Difference = "FCGI is not supported: the paths answer 503. Without the annotation, the appProtocol of the Service port applies.",
        Form = Form,
        Default = "the appProtocol of the Service port, or HTTP",
        Documentation = "The protocol of the Ingress's backends: HTTP or HTTPS (HTTP/1.1), GRPC (HTTP/2 in cleartext), GRPCS (HTTP/2 over TLS), or "
            + "AUTO_HTTP (the scheme of the client's request). Certificates of Pods are not verified unless backend-tls-ca or proxy-ssl-verify asks for it. It takes precedence over appProtocol, for the "
            + "rules of this Ingress only and not for its defaultBackend. FCGI is not supported: the paths answer 503.",
    };

    public static RouteFeature Feature { get; } = new("Backend protocol", [BackendProtocolKey], Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        if (!context.Annotations.TryRead(BackendProtocolKey, out var protocol))
            return [];
        if (protocol is { } known)
        {
            if (context.HasDefaultBackend)
            {
                context.Annotations.Report(BackendProtocolKey, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(
                    ingress, field, "it uses the appProtocol of its Service port", " on spec.defaultBackend"));
            }

            return [new BackendProtocolPolicy(known)];
        }

        context.Annotations.Report(BackendProtocolKey, DiagnosticCatalog.FastCgiUnsupported);
        context.Close("backend-protocol FCGI is not supported");
        return [];
    }
}
