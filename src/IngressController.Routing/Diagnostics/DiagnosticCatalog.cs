using static IngressController.Routing.Diagnostics.DiagnosticEffect;
using static IngressController.Routing.Diagnostics.DiagnosticSeverity;
using static IngressController.Routing.Values.DiagnosticText;

namespace IngressController.Routing.Diagnostics;

/// <summary>One constructor per problem: code, severity and effect of each are written once.</summary>
public static class DiagnosticCatalog
{
    public static Diagnostic IngressClassNotFound(ResourceName ingress, string className) => Of(
        DiagnosticCode.IngressClassNotFound, Error, ingress, "spec.ingressClassName",
        $"no IngressClass \"{Shorten(className)}\" exists; create it with spec.controller set to the name of this controller", ObjectIgnored);

    /// <summary>An Ingress without a class, which names this controller's class in an annotation that no one reads.</summary>
    public static Diagnostic ClassAnnotationMisspelt(ResourceName ingress, string annotation) => Of(
        DiagnosticCode.AnnotationUnknown, Warning, ingress, $"metadata.annotations[{annotation}]",
        "names the class of this controller, but is not read under this name; did you mean kubernetes.io/ingress.class? Better set spec.ingressClassName", ObjectIgnored);

    public static Diagnostic NothingToRoute(ResourceName ingress) => Of(
        DiagnosticCode.NothingToRoute, Warning, ingress, "spec", "has neither rules nor a defaultBackend; add one of them", ObjectIgnored);

    /// <summary>Rules that yield no route at all, which is said once for the Ingress.</summary>
    public static Diagnostic NoRuleRoutes(ResourceName ingress) => Of(
        DiagnosticCode.NothingToRoute, Warning, ingress, "spec.rules",
        $"no rule yields a route: give each a valid host and http.paths, or set spec.defaultBackend. {NoPath}", RouteLeftOut);

    public static Diagnostic PathsMissing(ResourceName ingress, int rule) => Of(
        DiagnosticCode.PathsMissing, Error, ingress, $"spec.rules[{rule}].http.paths",
        "is empty, which API servers refuse: list at least one path, or remove http to send the host to spec.defaultBackend", RouteLeftOut);

    public static Diagnostic RuleWithoutPaths(ResourceName ingress, int rule, string host) => Of(
        DiagnosticCode.RuleWithoutPaths, Warning, ingress, $"spec.rules[{rule}]",
        $"has {(host.Length == 0 ? "neither a host nor" : $"host \"{Shorten(host)}\" and no")} http.paths, and the Ingress has no spec.defaultBackend: add one of them. {NoPath}",
        RouteLeftOut);

    /// <summary>Paths without a host beside a host without paths.</summary>
    public static Diagnostic RuleSplit(ResourceName ingress, int rule, (string Host, int Rule) other) => Of(
        DiagnosticCode.RuleSplit, Warning, ingress, $"spec.rules[{rule}]",
        $"has paths and no host, so they serve every host without a rule; spec.rules[{other.Rule}] has host \"{Shorten(other.Host)}\" and no paths. "
        + "If they are one rule, remove the hyphen before the second", None);

    private const string NoPath = "Until then, requests that no other Ingress serves get the default backend of the operator, else 404";

    public static Diagnostic HostInvalid(ResourceName ingress, int rule, string host, string reason) => Of(
        DiagnosticCode.HostInvalid, Error, ingress, $"spec.rules[{rule}].host", $"\"{Shorten(host)}\" {reason}", RouteLeftOut);

    public static Diagnostic PathInvalid(RouteOrigin origin, string path, string reason) => Of(
        DiagnosticCode.PathInvalid, Error, origin.Ingress, $"{origin.Field}.path",
        $"\"{Shorten(path)}\" cannot match any request: {reason}", RouteLeftOut);

    public static Diagnostic PathTypeMissing(RouteOrigin origin) => Of(
        DiagnosticCode.PathTypeMissing, Warning, origin.Ingress, $"{origin.Field}.pathType",
        "is missing and treated as Prefix; set Exact, Prefix or ImplementationSpecific", FieldIgnored);

    public static Diagnostic PathTypeUnknown(RouteOrigin origin, string pathType, bool isCanary) => Of(
        DiagnosticCode.PathTypeUnknown, Error, origin.Ingress, $"{origin.Field}.pathType",
        $"\"{Shorten(pathType)}\" is not one of Exact, Prefix, ImplementationSpecific; "
        + (isCanary ? "the canary gets no request of the path until it is fixed" : "the path answers 503 until it is fixed"),
        isCanary ? RouteLeftOut : RouteUnavailable);

    public static Diagnostic PathLooksLikePattern(RouteOrigin origin, string path) => Of(
        DiagnosticCode.PathLooksLikePattern, Warning, origin.Ingress, $"{origin.Field}.path",
        $"\"{Shorten(path)}\" is matched literally: wildcards, placeholders, quotes and regular expressions have no special meaning in a path", None);

    public static Diagnostic PathVeryLong(RouteOrigin origin, int length) => Of(
        DiagnosticCode.PathVeryLong, Warning, origin.Ingress, $"{origin.Field}.path",
        $"has {length} characters; many clients and servers reject request lines that long", None);

    public static Diagnostic BackendMissing(RouteOrigin origin) => Of(
        DiagnosticCode.BackendMissing, Error, origin.Ingress, origin.BackendField,
        "has neither a service nor a resource; name a service", RouteUnavailable);

    public static Diagnostic BackendAmbiguous(RouteOrigin origin) => Of(
        DiagnosticCode.BackendAmbiguous, Error, origin.Ingress, origin.BackendField,
        "has both a service and a resource; remove one", RouteUnavailable);

    public static Diagnostic ResourceBackendUnsupported(RouteOrigin origin, string kind, string name) => Of(
        DiagnosticCode.ResourceBackendUnsupported, Error, origin.Ingress, $"{origin.BackendField}.resource",
        $"{Shorten(kind)} \"{Shorten(name)}\": resource backends are not supported; use a service", RouteUnavailable);

    public static Diagnostic ServicePortMissing(RouteOrigin origin, string reason) => Of(
        DiagnosticCode.ServicePortMissing, Error, origin.Ingress, $"{origin.BackendField}.service.port", reason, RouteUnavailable);

    public static Diagnostic RouteConflict(RouteOrigin loser, PathMatch match, RouteOrigin winner, string host) => Of(
        DiagnosticCode.RouteConflict, Warning, loser.Ingress, loser.Field,
        $"{match.Type} {Shorten(RequestPath.Encode(match.Value))} of {HostText(host)} conflicts with {winner.Field} of "
        + (winner.Ingress == loser.Ingress ? "the same Ingress, which comes first; remove one" : $"{Older(winner.Ingress)}; remove one"),
        RouteLeftOut);

    public static Diagnostic DefaultBackendConflict(RouteOrigin loser, RouteOrigin winner, string host) => Of(
        DiagnosticCode.DefaultBackendConflict, Warning, loser.Ingress, loser.Field,
        $"the default backend of {HostText(host)} conflicts with that of {Older(winner.Ingress)}; remove one", FieldIgnored);

    /// <summary>A path of a canary without a route that it could be a canary of.</summary>
    /// <param name="canary">The path of the canary.</param>
    /// <param name="what">The path and its type.</param>
    /// <param name="host">The host.</param>
    /// <param name="otherType">The type of a main route of the same path; null if there is none.</param>
    public static Diagnostic CanaryWithoutMain(RouteOrigin canary, string what, string host, PathMatchType? otherType) => Of(
        DiagnosticCode.CanaryWithoutMain, Warning, canary.Ingress, canary.Field,
        $"is a canary of {what} of {HostText(host)}, and no main Ingress has it; "
        + (otherType is { } type ? $"its path is of type {type} there: use the same pathType" : "create an Ingress that is not a canary with the same host, path and pathType"),
        RouteLeftOut);

    /// <summary>A canary whose backend is the main backend.</summary>
    public static Diagnostic CanaryOfItsOwnBackend(RouteOrigin canary, RouteOrigin main) => Of(
        DiagnosticCode.CanaryOfItsOwnBackend, Warning, canary.Ingress, $"{canary.BackendField}.service",
        $"is the backend of {main.Field} of the main Ingress {main.Ingress}, so the canary changes nothing; name another Service", RouteLeftOut);

    /// <summary>Weights of several canaries that add up to more than all requests.</summary>
    public static Diagnostic CanaryWeightsTooGreat(RouteOrigin canary, string field, IEnumerable<ResourceName> older) => Of(
        DiagnosticCode.CanaryWeightsTooGreat, Warning, canary.Ingress, field,
        $"adds up to more than all requests with that of the older {string.Join(", ", older.Select(name => $"Ingress {name}"))}; the canary gets only what is left: lower one of the weights", None);

    public static Diagnostic CanaryWeightAboveTotal(ResourceName ingress, string field, int weight, int total) => Of(
        DiagnosticCode.CanaryWeightsTooGreat, Warning, ingress, field,
        $"{weight} is more than canary-weight-total ({total}), so the canary gets every request that neither header nor cookie decides; lower it, or set canary-weight-total", None);

    public static Diagnostic CanaryTlsIgnored(ResourceName ingress) => Of(
        DiagnosticCode.CanaryTlsIgnored, Warning, ingress, "spec.tls", "has no effect on a canary: that of the main Ingress applies", FieldIgnored);

    /// <summary>A problem of the backend of a canary: the canary gets no request.</summary>
    public static Diagnostic OfCanaryBackend(BackendProblem problem, RouteOrigin origin)
    {
        var diagnostic = OfBackend(problem, origin);
        return diagnostic.Effect == FieldIgnored ? diagnostic
            : diagnostic with { Message = $"{diagnostic.Message}; meanwhile, requests go to the main backend", Effect = RouteLeftOut };
    }

    /// <summary>A problem of a Service of backend-weights.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="ingress">The Ingress.</param>
    /// <param name="field">The annotation.</param>
    /// <param name="isServed">True if another Service of the list gets the requests.</param>
    public static Diagnostic OfWeightedBackend(BackendProblem problem, ResourceName ingress, string field, bool isServed)
    {
        var isUnusable = EffectOf(problem.Code) != FieldIgnored;
        return Of(
            problem.Code, SeverityOf(problem.Code), ingress, field,
            isUnusable && isServed ? $"{problem.Message}; meanwhile, its share goes to the other Services" : problem.Message,
            isUnusable && !isServed ? RouteUnavailable : FieldIgnored);
    }

    /// <summary>The Service of a path that backend-weights does not list.</summary>
    public static Diagnostic BackendNotListed(RouteOrigin origin, string service, string field) => Of(
        DiagnosticCode.BackendNotListed, Warning, origin.Ingress, $"{origin.BackendField}.service.name",
        $"Service \"{Shorten(service)}\" is not in {field}, so it gets no request; list it with a weight if it should", None);

    private static string HostText(string host) => host.Length == 0 ? "hosts without a rule" : $"host \"{host}\"";

    private static string Older(ResourceName winner) => $"Ingress {winner}, which takes precedence (older, or first by name)";

    /// <summary>A problem of a backend, reported to an Ingress that uses it.</summary>
    public static Diagnostic OfBackend(BackendProblem problem, RouteOrigin origin) => Of(
        problem.Code, SeverityOf(problem.Code), origin.Ingress,
        problem.Field.Length == 0 ? $"{origin.BackendField}.service" : $"{origin.BackendField}.service.{problem.Field}",
        problem.Message, EffectOf(problem.Code));

    /// <summary>The problem of a backend that an annotation names.</summary>
    public static Diagnostic OfPolicyBackend(ResourceName ingress, string field, BackendProblem problem) => Of(
        problem.Code, SeverityOf(problem.Code), ingress, field, problem.Message, FieldIgnored);

    public static Diagnostic TlsHostInvalid(ResourceName ingress, int entry, int index, string host, string reason) => Of(
        DiagnosticCode.TlsHostInvalid, Error, ingress, $"spec.tls[{entry}].hosts[{index}]", $"\"{Shorten(host)}\" {reason}", FieldIgnored);

    /// <summary>An entry without hosts that no host of the rules gets.</summary>
    public static Diagnostic TlsEntryWithoutHosts(ResourceName ingress, int entry, ResourceName secret, bool hasHosts) => Of(
        DiagnosticCode.TlsEntryWithoutHosts, Warning, ingress, $"spec.tls[{entry}]",
        $"has no hosts, so Secret {secret} is for the hosts of the rules that no other entry lists, and there is none"
        + (hasHosts ? ": remove the entry, or list a host" : "; hosts without a rule get the default certificate. List the hosts, or let the operator set --default-ssl-certificate"),
        hasHosts ? FieldIgnored : DefaultCertificate);

    /// <summary>A host that is redirected to https without a certificate.</summary>
    public static Diagnostic TlsHostNotListed(ResourceName ingress, string host) => Of(
        DiagnosticCode.TlsHostNotListed, Warning, ingress, "spec.tls",
        $"does not list host \"{host}\", and no certificate covers it, but its http requests are redirected to https, where the default certificate is served: "
        + "list it, or set ssl-redirect to \"false\"", DefaultCertificate);

    public static Diagnostic TlsSecretNotFound(ResourceName ingress, int entry, ResourceName secret) => Of(
        DiagnosticCode.TlsSecretNotFound, Warning, ingress, $"spec.tls[{entry}].secretName",
        $"no Secret {secret} exists", DefaultCertificate);

    public static Diagnostic TlsSecretInvalid(ResourceName ingress, int entry, ResourceName secret, string problem, bool keepsLast) => Of(
        DiagnosticCode.TlsSecretInvalid, Error, ingress, $"spec.tls[{entry}].secretName",
        $"Secret {secret}: {problem}", keepsLast ? LastGoodCertificate : DefaultCertificate);

    public static Diagnostic TlsCertificateNotForHost(ResourceName ingress, int entry, ResourceName secret, string host, TlsCertificate certificate) => Of(
        DiagnosticCode.TlsCertificateNotForHost, Warning, ingress, $"spec.tls[{entry}]",
        $"the certificate in Secret {secret} is not valid for \"{host}\", {(certificate.DnsNames.Count == 0 ? "and has no DNS name" : $"only for {Shorten(string.Join(", ", certificate.DnsNames))}")}", DefaultCertificate);

    public static Diagnostic TlsConflict(ResourceName loser, int entry, string host, ResourceName secret, ResourceName winner, ResourceName? winnersSecret) => Of(
        DiagnosticCode.TlsConflict, Warning, loser, $"spec.tls[{entry}]",
        $"host \"{host}\" is not served with Secret {secret}: {ServedInstead(winner, winnersSecret)}", FieldIgnored);

    private static string ServedInstead(ResourceName winner, ResourceName? winnersSecret) => winnersSecret is { } secret
        ? $"Secret {secret} of Ingress {winner} takes precedence"
        : $"Ingress {winner} takes precedence and gets the default certificate";

    public static Diagnostic DefaultCertificateUnusable(ResourceName secret, string reason, bool keepsLast) => new(
        DiagnosticCode.DefaultCertificateUnusable, Error, new("Secret", secret), "data",
        $"named by --default-ssl-certificate: {reason}", keepsLast ? LastGoodCertificate : DefaultCertificate);

    public static Diagnostic DefaultBackendUnusable(BackendProblem problem, ResourceName service) => new(
        DiagnosticCode.DefaultBackendUnusable, SeverityOf(problem.Code), new("Service", service), "spec",
        $"named by --default-backend-service: {problem.Message}", EffectOf(problem.Code));

    /// <summary>An object that does not decode; <paramref name="keepsLast"/> is true if an earlier version of it is still served.</summary>
    public static Diagnostic ObjectUnreadable(DiagnosticSubject subject, string field, string reason, bool keepsLast)
    {
        var diagnostic = new Diagnostic(DiagnosticCode.ObjectUnreadable, Error, subject, field, reason, ObjectIgnored);
        return keepsLast ? KeepsLast(diagnostic) : diagnostic;
    }

    /// <summary>The problem of an object of which an earlier version is still served.</summary>
    public static Diagnostic KeepsLast(Diagnostic diagnostic) =>
        diagnostic with { Message = $"{diagnostic.Message}; its last valid version stays in use", Effect = FieldIgnored };

    /// <summary>A value for which an API server refuses the object. Manifests without a cluster can have it.</summary>
    public static Diagnostic ObjectInvalid(DiagnosticSubject subject, string field, string reason) => new(
        DiagnosticCode.ObjectInvalid, Error, subject, field, reason, ObjectIgnored);

    public static Diagnostic FieldUnknown(DiagnosticSubject subject, string field, string kind, string? nearest) => new(
        DiagnosticCode.FieldUnknown, Error, subject, field,
        $"is not a field of {kind}, and kubectl refuses it" + (nearest is null ? "" : $"; did you mean {nearest}?"), FieldIgnored);

    /// <summary>A key that occurs twice in one mapping of a manifest.</summary>
    public static Diagnostic FieldDuplicate(DiagnosticSubject subject, string field, int firstLine, int lastLine) => new(
        DiagnosticCode.FieldDuplicate, Warning, subject, field, $"is set in line {firstLine} and in line {lastLine}, which applies; remove one", FieldIgnored);

    /// <summary>A defect of this controller, found while it read an Ingress.</summary>
    public static Diagnostic TranslationFailed(ResourceName ingress, string what, string error, bool isLeftOut) => Of(
        DiagnosticCode.TranslationFailed, Error, ingress, "(object)",
        $"{what} could not be read ({error}); {(isLeftOut ? "the Ingress is ignored" : "its paths answer 503")}. This is a bug in the controller: please report it",
        isLeftOut ? ObjectIgnored : RouteUnavailable);

    public static Diagnostic AnnotationUnknown(ResourceName ingress, string field, string? nearest) => Of(
        DiagnosticCode.AnnotationUnknown, Warning, ingress, field,
        "is not an annotation of this controller or of ingress-nginx" + (nearest is null ? "; run ingress-controller annotations for a list" : $"; did you mean {nearest}?"),
        FieldIgnored);

    /// <summary>An invalid or unusable value.</summary>
    public static Diagnostic AnnotationInvalid(ResourceName ingress, string field, string value, string problem, bool closes, string? otherwise, string? effect = null) => Of(
        DiagnosticCode.AnnotationInvalid, closes ? Error : Warning, ingress, field,
        $"\"{Shorten(value)}\" {problem}; " + (closes ? "its paths answer 503 until it is fixed" : effect ?? (otherwise is null ? "it is ignored" : $"the default applies: {Shorten(otherwise)}")),
        closes ? RouteUnavailable : FieldIgnored);

    public static Diagnostic AnnotationOverridden(ResourceName ingress, string field, string winner) => Of(
        DiagnosticCode.AnnotationOverridden, Warning, ingress, field, $"duplicates {winner}, which takes precedence; remove one", FieldIgnored);

    public static Diagnostic AnnotationUnsupported(ResourceName ingress, string field, string instead, bool mayProtect, bool isFormer) => Of(
        DiagnosticCode.AnnotationUnsupported, mayProtect ? Error : Warning, ingress, field,
        (mayProtect ? "seems to control access, and is not enforced. It is not supported; "
            : isFormer ? "is an annotation of older ingress-nginx releases, and is not supported; " : "is not supported; ") + instead, FieldIgnored);

    /// <param name="ingress">The Ingress.</param>
    /// <param name="field">The annotation.</param>
    /// <param name="closes">True if it controls access.</param>
    /// <param name="meanwhile">What applies until it is supported.</param>
    public static Diagnostic AnnotationNotYetSupported(ResourceName ingress, string field, bool closes, string meanwhile) => Of(
        DiagnosticCode.AnnotationNotYetSupported, closes ? Error : Warning, ingress, field,
        closes ? "is not supported yet; because it controls access, its paths answer 503 until it is removed" : $"is not supported yet; {meanwhile}",
        closes ? RouteUnavailable : FieldIgnored);

    /// <summary>An annotation under a prefix that is not read, although its author probably means one that is.</summary>
    public static Diagnostic AnnotationPrefixUnknown(ResourceName ingress, string field, string nearest) => Of(
        DiagnosticCode.AnnotationUnknown, Warning, ingress, field, $"is not read under this name; did you mean {Shorten(nearest)}?", FieldIgnored);

    /// <summary>The name of a global setting, set as an annotation.</summary>
    public static Diagnostic AnnotationIsSetting(ResourceName ingress, string field, string setting) => Of(
        DiagnosticCode.AnnotationUnknown, Warning, ingress, field,
        $"is a global setting, not an annotation; set it in the ConfigMap of --configmap or as the option --{setting}", FieldIgnored);

    /// <summary>A valid annotation without effect in its Ingress.</summary>
    public static Diagnostic AnnotationWithoutEffect(ResourceName ingress, string field, string why, string on = "") => Of(
        DiagnosticCode.AnnotationWithoutEffect, Warning, ingress, field, $"has no effect{on}: {why}", FieldIgnored);

    public static Diagnostic FastCgiUnsupported(ResourceName ingress, string field) => Of(
        DiagnosticCode.FastCgiUnsupported, Error, ingress, field,
        "FCGI is not supported; its paths answer 503. Put an HTTP server in front of the FastCGI application and use HTTP", RouteUnavailable);

    public static Diagnostic PolicySecretNotFound(ResourceName ingress, string field, ResourceName secret) => Of(
        DiagnosticCode.PolicySecretNotFound, Error, ingress, field, $"no Secret {secret} exists; its paths answer 503 until it does", RouteUnavailable);

    /// <param name="ingress">The Ingress that names the Secret.</param>
    /// <param name="field">The field that names it.</param>
    /// <param name="secret">The Secret.</param>
    /// <param name="problem">The problem, without the Secret's content.</param>
    /// <param name="closes">True if nothing in the Secret is usable.</param>
    public static Diagnostic PolicySecretInvalid(ResourceName ingress, string field, ResourceName secret, string problem, bool closes) => Of(
        DiagnosticCode.PolicySecretInvalid, closes ? Error : Warning, ingress, field,
        $"Secret {secret}: {problem}" + (closes ? "; its paths answer 503 until it is fixed" : ""), closes ? RouteUnavailable : FieldIgnored);

    public static Diagnostic PolicyConfigMapNotFound(ResourceName ingress, string field, ResourceName configMap) => Of(
        DiagnosticCode.PolicyConfigMapNotFound, Error, ingress, field, $"no ConfigMap {configMap} exists; its paths answer 503 until it does", RouteUnavailable);

    public static Diagnostic PolicyConfigMapInvalid(ResourceName ingress, string field, ResourceName configMap, string problem, bool closes) => Of(
        DiagnosticCode.PolicyConfigMapInvalid, closes ? Error : Warning, ingress, field,
        $"ConfigMap {configMap}: {problem}" + (closes ? "; its paths answer 503 until it is fixed" : ""), closes ? RouteUnavailable : FieldIgnored);

    public static Diagnostic GlobalAuthUnusable(ResourceName ingress, string url, string problem) => Of(
        DiagnosticCode.GlobalAuthUnusable, Error, ingress, "spec.rules", $"the setting global-auth-url \"{Shorten(url)}\" {problem}; its paths answer 503 until it is fixed. "
        + "With enable-global-auth \"false\" they are served without this authentication", RouteUnavailable);

    public static Diagnostic HostInRegexMode(RouteOrigin route, string host, ResourceName switcher) => Of(
        DiagnosticCode.HostInRegexMode, Warning, route.Ingress, $"{route.Field}.path",
        $"is matched as a regular expression, case-insensitive and from the start of the path, like all paths of {HostText(host)}, "
        + (switcher == route.Ingress ? "because of rewrite-target" : $"because Ingress {switcher} sets use-regex or rewrite-target"),
        None);

    /// <summary>A policy for a whole host that an older Ingress decides.</summary>
    public static Diagnostic HostPolicyConflict(ResourceName loser, string field, string what, string host, ResourceName winner) => Of(
        DiagnosticCode.HostPolicyConflict, Warning, loser, field,
        $"{what} of {HostText(host)} conflicts with {Older(winner)}; remove one", FieldIgnored);

    public static Diagnostic ServerAliasTaken(ResourceName ingress, string field, string alias, string reason) => Of(
        DiagnosticCode.ServerAliasTaken, Warning, ingress, field, $"\"{Shorten(alias)}\" {reason}", FieldIgnored);

    /// <param name="origin">The path.</param>
    /// <param name="path">The path as written.</param>
    /// <param name="reason">What it contains.</param>
    /// <param name="closed">The start of the paths that answer 503; null if the path is compared literally.</param>
    public static Diagnostic PathPatternInvalid(RouteOrigin origin, string path, string reason, string? closed) => Of(
        DiagnosticCode.PathPatternInvalid, closed is null ? Warning : Error, origin.Ingress, $"{origin.Field}.path",
        $"\"{Shorten(path)}\" {Shorten(reason)}; " + closed switch
        {
            null => "it is matched literally",
            "/" => "every path that no longer expression of the host matches answers 503 until it is fixed",
            _ => $"paths that begin with {Shorten(closed)} answer 503 until it is fixed",
        },
        closed is null ? None : RouteUnavailable);

    /// <param name="origin">The path.</param>
    /// <param name="field">The field of the annotation.</param>
    /// <param name="template">The template as it is written.</param>
    /// <param name="group">The group.</param>
    /// <param name="path">The path as it is written.</param>
    /// <param name="groups">The number of groups of the path; null if it is not a regular expression.</param>
    public static Diagnostic PathGroupMissing(RouteOrigin origin, string field, string template, int group, string path, int? groups) => Of(
        DiagnosticCode.PathGroupMissing, Warning, origin.Ingress, field,
        $"\"{Shorten(template)}\" uses ${group}, but the path \"{Shorten(path)}\" of {origin.Field} "
        + (groups is null ? "is not a regular expression; it is empty unless use-regex is \"true\"" : $"has {(groups == 0 ? "no group" : groups == 1 ? "1 group" : $"{groups} groups")}; it is empty there"),
        None);

    public static Diagnostic SettingsNotFound(ResourceName configMap) => new(
        DiagnosticCode.SettingsNotFound, Warning, new("ConfigMap", configMap), "data",
        "named by --configmap, but does not exist; only the options apply", FieldIgnored);

    public static Diagnostic SettingUnknown(ResourceName configMap, string key, string? nearest) => new(
        DiagnosticCode.SettingUnknown, Warning, new("ConfigMap", configMap), $"data[{key}]",
        "is not a setting of this controller" + (nearest is null ? "; run ingress-controller settings for a list" : $"; did you mean {nearest}?"), FieldIgnored);

    /// <summary>An invalid value; null if it is not shown because it may be secret, as a header's.</summary>
    public static Diagnostic SettingInvalid(ResourceName configMap, string key, string? value, string problem, bool closes, string otherwise) => new(
        DiagnosticCode.SettingInvalid, Error, new("ConfigMap", configMap), $"data[{key}]",
        $"{(value is null ? "" : $"\"{Shorten(value)}\" ")}{problem}; " + (closes ? "all routes answer 503 until it is fixed" : otherwise),
        closes ? RouteUnavailable : FieldIgnored);

    /// <summary>A valid setting without effect beside the other settings.</summary>
    public static Diagnostic SettingWithoutEffect(ResourceName configMap, string key, string why) => new(
        DiagnosticCode.SettingWithoutEffect, Warning, new("ConfigMap", configMap), $"data[{key}]", why, FieldIgnored);

    private static DiagnosticSeverity SeverityOf(DiagnosticCode code) => code switch
    {
        DiagnosticCode.ServiceNotFound or DiagnosticCode.ServiceWithoutEndpoints
            or DiagnosticCode.AppProtocolUnknown or DiagnosticCode.BackendTlsWithoutEffect
            or DiagnosticCode.EndpointAddressInvalid or DiagnosticCode.TargetPortIgnored => Warning,
        _ => Error,
    };

    private static DiagnosticEffect EffectOf(DiagnosticCode backendProblem) =>
        backendProblem is DiagnosticCode.AppProtocolUnknown or DiagnosticCode.BackendTlsWithoutEffect or DiagnosticCode.EndpointAddressInvalid or DiagnosticCode.TargetPortIgnored
            ? FieldIgnored
            : RouteUnavailable;

    private static Diagnostic Of(
        DiagnosticCode code, DiagnosticSeverity severity, ResourceName ingress, string field, string message, DiagnosticEffect effect) =>
        new(code, severity, new("Ingress", ingress), field, message, effect);
}
