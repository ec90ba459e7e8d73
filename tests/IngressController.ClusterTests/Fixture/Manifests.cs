using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IngressController.ClusterTests.Fixture;

/// <summary>The objects of the tests.</summary>
internal static class Manifests
{
    public const string YarpClass = """
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: yarp}
        spec: {controller: yarp.ingress.kubernetes.io/controller}
        """;

    /// <summary>The permissions that the controller needs to read, one rule per kind.</summary>
    public static IReadOnlyList<(string Group, string Resource)> ControllerRules { get; } =
    [
        ("networking.k8s.io", "ingresses"), ("networking.k8s.io", "ingressclasses"), ("", "services"), ("", "secrets"),
        ("", "configmaps"), ("discovery.k8s.io", "endpointslices"),
    ];

    /// <summary>Grants a controller read access in all namespaces.</summary>
    /// <param name="serviceAccount">The service account.</param>
    /// <param name="rules">The resources.</param>
    /// <param name="withoutGet">A resource that can be listed and watched, but not read by name.</param>
    public static string Grant(string serviceAccount, IEnumerable<(string Group, string Resource)> rules, string? withoutGet = null) => ClusterRole(
        serviceAccount, serviceAccount,
        [.. rules.Select(rule => (rule.Group, rule.Resource, $"{(rule.Resource == withoutGet ? "" : "get, ")}list, watch"))]);

    /// <summary>A webhook that has to allow each write of a leader and that no one answers.</summary>
    public const string RejectWrites = """
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingWebhookConfiguration
        metadata: {name: refuse-writes}
        webhooks:
        - name: refuse.writes.example
          clientConfig: {url: "https://127.0.0.1:1/"}
          rules:
          - {apiGroups: [coordination.k8s.io], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: [leases]}
          - {apiGroups: [networking.k8s.io], apiVersions: ["*"], operations: [UPDATE], resources: [ingresses/status]}
          failurePolicy: Fail
          sideEffects: None
          timeoutSeconds: 1
          admissionReviewVersions: [v1]
        """;

    /// <summary>Grants a candidate of the leader election and the leader their permissions, in all namespaces.</summary>
    /// <param name="serviceAccount">The service account.</param>
    /// <param name="withEvents">True to grant writing Events.</param>
    public static string GrantLeadership(string serviceAccount, bool withEvents = true)
    {
        (string, string, string)[] events = withEvents ? [("events.k8s.io", "events", "create, patch")] : [];
        return ClusterRole($"{serviceAccount}-leader", serviceAccount, [("coordination.k8s.io", "leases", "get, create, patch"), .. events]);
    }

    /// <summary>Grants the leader the permissions for the status.</summary>
    public static string GrantStatus(string serviceAccount) => ClusterRole(
        $"{serviceAccount}-status", serviceAccount, [("networking.k8s.io", "ingresses/status", "patch"), ("", "nodes", "get")]);

    /// <summary>Returns a ClusterRole and its binding to a service account.</summary>
    private static string ClusterRole(string name, string serviceAccount, (string Group, string Resource, string Verbs)[] rules) => $$"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: {{name}} }
        rules:
        {{string.Concat(rules.Select(rule => $"- {{apiGroups: [\"{rule.Group}\"], resources: [{rule.Resource}], verbs: [{rule.Verbs}]}}\n"))}}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: {{name}} }
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{name}} }
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "{{ServiceAccounts.UserOf(serviceAccount)}}"}]
        """;

    public static string Class(string name, string controller) => $$"""
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: {{name}} }
        spec: {controller: {{controller}} }
        """;

    public static string Ingress(string name, string host, string service, string? tlsSecret = null, string ingressClass = "yarp") => $$"""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: {{name}} }
        spec:
          ingressClassName: {{ingressClass}}
          tls: [{{(tlsSecret is null ? "" : $"{{hosts: [\"{host}\"], secretName: {tlsSecret} }}")}}]
          rules:
          - host: "{{host}}"
            http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: {{service}}, port: {number: 80} } } }]}
        """;

    /// <summary>
    /// Returns an Ingress that serves, with an invalid annotation, which is reported at once: problems that another object may fix are
    /// delayed.
    /// </summary>
    public static string FaultyIngress(string name, string host, string service, string ingressClass = "yarp") => Ingress(name, host, service, ingressClass: ingressClass)
        .Replace($"metadata: {{name: {name} }}", $"metadata: {{name: {name}, annotations: {{yarp.ingress.kubernetes.io/proxy-body-size: huge}} }}", StringComparison.Ordinal);

    /// <summary>The message about <see cref="FaultyIngress"/>.</summary>
    public const string Fault =
        "metadata.annotations[yarp.ingress.kubernetes.io/proxy-body-size]: \"huge\" is not a size such as 8k, 1m or 2g; the default applies: the setting proxy-body-size (1m) (FieldIgnored)";

    public static string Service(string name, int port = 80) => $$"""
        apiVersion: v1
        kind: Service
        metadata: {name: {{name}} }
        spec: {ports: [{port: {{port}}, protocol: TCP}]}
        """;

    /// <param name="service">The Service.</param>
    /// <param name="port">The port of the endpoint.</param>
    /// <param name="address">The address of the endpoint; null for that of the test backends.</param>
    public static string Slice(string service, int port, string? address = null) => $$"""
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: {{service}}, labels: {kubernetes.io/service-name: {{service}} } }
        addressType: IPv4
        ports: [{name: "", port: {{port}}, protocol: TCP}]
        endpoints: [{addresses: ["{{address ?? $"{TestBackend.Address}"}}"], conditions: {ready: true} }]
        """;

    public static string TlsSecret(string name, X509Certificate2 certificate) =>
        TlsSecret(name, certificate.ExportCertificatePem(), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());

    public static string TlsSecret(string name, string certificate, string key) => $$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: {{name}} }
        type: kubernetes.io/tls
        data: {tls.crt: "{{Base64(certificate)}}", tls.key: "{{Base64(key)}}"}
        """;

    public static string ConfigMap(string name, string value) => $$"""
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: {{name}} }
        data: {key: "{{value}}"}
        """;

    public static X509Certificate2 Certificate(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12));
    }

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
}
