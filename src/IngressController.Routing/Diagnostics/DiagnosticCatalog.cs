using IngressController.Routing.Cluster;
using IngressController.Routing.Table;
using static IngressController.Routing.Diagnostics.DiagnosticEffect;
using static IngressController.Routing.Diagnostics.DiagnosticSeverity;
using static IngressController.Routing.Diagnostics.DiagnosticText;

namespace IngressController.Routing.Diagnostics;

/// <summary>One constructor per problem, so that code, severity and effect of each are written down once.</summary>
public static class DiagnosticCatalog
{
    public static Diagnostic IngressClassNotFound(ResourceName ingress, string className) => Of(
        DiagnosticCode.IngressClassNotFound, Error, ingress, "spec.ingressClassName",
        $"no IngressClass \"{Shorten(className)}\" exists; create it with this controller's name in spec.controller", ObjectIgnored);

    public static Diagnostic NothingToRoute(ResourceName ingress) => Of(
        DiagnosticCode.NothingToRoute, Warning, ingress, "spec", "has neither rules nor a defaultBackend", ObjectIgnored);

    public static Diagnostic HostInvalid(ResourceName ingress, int rule, string host, string reason) => Of(
        DiagnosticCode.HostInvalid, Error, ingress, $"spec.rules[{rule}].host", $"\"{Shorten(host)}\" {reason}", RouteLeftOut);

    public static Diagnostic PathInvalid(RouteOrigin origin, string path, string reason) => Of(
        DiagnosticCode.PathInvalid, Error, origin.Ingress, $"{origin.Field}.path",
        $"\"{Shorten(path)}\" can match no request: {reason}", RouteLeftOut);

    public static Diagnostic PathTypeMissing(RouteOrigin origin) => Of(
        DiagnosticCode.PathTypeMissing, Warning, origin.Ingress, $"{origin.Field}.pathType",
        "is required by the API server; taken as Prefix. Write Exact, Prefix or ImplementationSpecific", FieldIgnored);

    public static Diagnostic PathTypeUnknown(RouteOrigin origin, string pathType) => Of(
        DiagnosticCode.PathTypeUnknown, Error, origin.Ingress, $"{origin.Field}.pathType",
        $"\"{Shorten(pathType)}\" is none of Exact, Prefix, ImplementationSpecific; the route answers 503", RouteUnavailable);

    public static Diagnostic PathLooksLikePattern(RouteOrigin origin, string path) => Of(
        DiagnosticCode.PathLooksLikePattern, Warning, origin.Ingress, $"{origin.Field}.path",
        $"\"{Shorten(path)}\" is compared literally: wildcards, placeholders, quotes and regular expressions have no meaning in a path", None);

    public static Diagnostic PathVeryLong(RouteOrigin origin, int length) => Of(
        DiagnosticCode.PathVeryLong, Warning, origin.Ingress, $"{origin.Field}.path",
        $"has {length} characters; many clients and servers refuse request lines that long", None);

    public static Diagnostic BackendMissing(RouteOrigin origin) => Of(
        DiagnosticCode.BackendMissing, Error, origin.Ingress, origin.BackendField,
        "names neither a service nor a resource", RouteUnavailable);

    public static Diagnostic BackendAmbiguous(RouteOrigin origin) => Of(
        DiagnosticCode.BackendAmbiguous, Error, origin.Ingress, origin.BackendField,
        "names a service and a resource; remove one", RouteUnavailable);

    public static Diagnostic ResourceBackendUnsupported(RouteOrigin origin, string kind, string name) => Of(
        DiagnosticCode.ResourceBackendUnsupported, Error, origin.Ingress, $"{origin.BackendField}.resource",
        $"{Shorten(kind)} \"{Shorten(name)}\": resource backends are not supported; use a service", RouteUnavailable);

    public static Diagnostic ServicePortMissing(RouteOrigin origin, string reason) => Of(
        DiagnosticCode.ServicePortMissing, Error, origin.Ingress, $"{origin.BackendField}.service.port", reason, RouteUnavailable);

    public static Diagnostic RouteConflict(Route loser, Route winner, string host) => Of(
        DiagnosticCode.RouteConflict, Warning, loser.Origin.Ingress, loser.Origin.Field,
        $"{loser.Match.Type} {Shorten(RequestPath.Encode(loser.Match.Value))} of {HostText(host)} belongs to "
        + (winner.Origin.Ingress == loser.Origin.Ingress
            ? $"{winner.Origin.Field} of the same Ingress"
            : $"{Older(winner)} ({winner.Origin.Field})"),
        RouteLeftOut);

    public static Diagnostic DefaultBackendConflict(Route loser, Route winner, string host) => Of(
        DiagnosticCode.DefaultBackendConflict, Warning, loser.Origin.Ingress, loser.Origin.Field,
        $"the default backend of {HostText(host)} belongs to {Older(winner)}", FieldIgnored);

    private static string HostText(string host) => host.Length == 0 ? "hosts that have no rule" : $"host \"{host}\"";

    private static string Older(Route winner) => $"Ingress {winner.Origin.Ingress}, which is older or, at the same age, first by name";

    /// <summary>A backend's problem, told to one Ingress that uses it.</summary>
    public static Diagnostic OfBackend(BackendProblem problem, RouteOrigin origin) => Of(
        problem.Code, SeverityOf(problem.Code), origin.Ingress,
        problem.Field.Length == 0 ? $"{origin.BackendField}.service" : $"{origin.BackendField}.service.{problem.Field}",
        problem.Message, EffectOf(problem.Code));

    public static Diagnostic TlsHostInvalid(ResourceName ingress, int entry, int index, string host, string reason) => Of(
        DiagnosticCode.TlsHostInvalid, Error, ingress, $"spec.tls[{entry}].hosts[{index}]", $"\"{Shorten(host)}\" {reason}", FieldIgnored);

    public static Diagnostic TlsSecretNotFound(ResourceName ingress, int entry, ResourceName secret) => Of(
        DiagnosticCode.TlsSecretNotFound, Warning, ingress, $"spec.tls[{entry}].secretName",
        $"no Secret {secret} of type kubernetes.io/tls exists", DefaultCertificate);

    public static Diagnostic TlsSecretInvalid(ResourceName ingress, int entry, TlsSecret secret) => Of(
        DiagnosticCode.TlsSecretInvalid, Error, ingress, $"spec.tls[{entry}].secretName",
        $"Secret {secret.Name}: {secret.Problem}", secret.Certificate is null ? DefaultCertificate : LastGoodCertificate);

    public static Diagnostic TlsCertificateNotForHost(ResourceName ingress, int entry, ResourceName secret, string host, TlsCertificate certificate) => Of(
        DiagnosticCode.TlsCertificateNotForHost, Warning, ingress, $"spec.tls[{entry}]",
        $"the certificate in Secret {secret} is not valid for \"{host}\", only for {Shorten(string.Join(", ", certificate.DnsNames))}", DefaultCertificate);

    public static Diagnostic TlsConflict(ResourceName loser, int entry, string host, ResourceName secret, ResourceName winner, ResourceName? winnersSecret) => Of(
        DiagnosticCode.TlsConflict, Warning, loser, $"spec.tls[{entry}]",
        $"host \"{host}\" is served with {ServedInstead(winner, winnersSecret)}, not with Secret {secret}", FieldIgnored);

    private static string ServedInstead(ResourceName winner, ResourceName? winnersSecret) => winnersSecret is { } secret
        ? $"Secret {secret} of Ingress {winner}"
        : $"the default certificate, because Ingress {winner} decides about it";

    public static Diagnostic DefaultCertificateUnusable(ResourceName secret, string reason, bool keepsLast) => new(
        DiagnosticCode.DefaultCertificateUnusable, Error, new("Secret", secret), "data",
        $"named by --default-ssl-certificate: {reason}", keepsLast ? LastGoodCertificate : DefaultCertificate);

    public static Diagnostic DefaultBackendUnusable(BackendProblem problem, ResourceName service) => new(
        DiagnosticCode.DefaultBackendUnusable, SeverityOf(problem.Code), new("Service", service), "spec",
        $"named by --default-backend-service: {problem.Message}", EffectOf(problem.Code));

    /// <summary>An object that does not decode; <paramref name="keepsLast"/> tells whether an earlier version of it is served on.</summary>
    public static Diagnostic ObjectUnreadable(DiagnosticSubject subject, string field, string reason, bool keepsLast) => new(
        DiagnosticCode.ObjectUnreadable, Error, subject, field, reason + (keepsLast ? "; what it held before is served on" : ""),
        keepsLast ? FieldIgnored : ObjectIgnored);

    private static DiagnosticSeverity SeverityOf(DiagnosticCode code) => code switch
    {
        DiagnosticCode.ServiceNotFound or DiagnosticCode.ServiceWithoutEndpoints
            or DiagnosticCode.AppProtocolUnknown or DiagnosticCode.EndpointAddressInvalid => Warning,
        _ => Error,
    };

    private static DiagnosticEffect EffectOf(DiagnosticCode backendProblem) =>
        backendProblem is DiagnosticCode.AppProtocolUnknown or DiagnosticCode.EndpointAddressInvalid ? FieldIgnored : RouteUnavailable;

    private static Diagnostic Of(
        DiagnosticCode code, DiagnosticSeverity severity, ResourceName ingress, string field, string message, DiagnosticEffect effect) =>
        new(code, severity, new("Ingress", ingress), field, message, effect);
}
