namespace IngressController.Tests.Folder;

/// <summary>Objects with the fields for which an API server refuses them. The cluster tests compare the verdicts with a real one.</summary>
/// <param name="Manifest">The object.</param>
/// <param name="Fields">The fields with a problem, joined by spaces; empty if the object is admitted.</param>
public sealed record AdmissionCase(string Manifest, string Fields)
{
    private const string Backend = "backend: {service: {name: s, port: {number: 80}}}";

    public static IEnumerable<AdmissionCase> All => [.. Names, .. Classes, .. Hosts, .. Paths, .. Backends, .. Others, .. Services];

    /// <summary>EndpointSlices, which old API servers have only without a schema.</summary>
    public static IEnumerable<AdmissionCase> Slices =>
    [
        Slice("addressType: IPv4, endpoints: [{addresses: [192.0.2.1]}], ports: [{port: 80}]", ""),
        Slice("addressType: IPv6, endpoints: [{addresses: ['2001:db8::1']}]", ""),
        Slice("addressType: FQDN, endpoints: [{addresses: [a.example]}]", ""),
        Slice("addressType: IPv4, endpoints: [{addresses: [192.0.2.1]}], ports: [{name: a, port: 80, protocol: UDP}, {name: b, appProtocol: kubernetes.io/h2c}, {}]", ""),
        Slice("endpoints: []", "addressType"),
        Slice("addressType: IP, endpoints: []", "addressType"),
        Slice("addressType: IPv4, endpoints: [{addresses: []}, {}]", "endpoints[0].addresses endpoints[1].addresses"),
        Slice("addressType: IPv4, endpoints: [{addresses: ['2001:db8::1', no-address, 192.0.2.256]}]", "endpoints[0].addresses[0] endpoints[0].addresses[1] endpoints[0].addresses[2]"),
        Slice("addressType: IPv6, endpoints: [{addresses: [192.0.2.1]}]", "endpoints[0].addresses[0]"),
        Slice("addressType: IPv4, endpoints: [{addresses: [0.0.0.0, 169.254.169.254]}]", "endpoints[0].addresses[0] endpoints[0].addresses[1]"),
        Slice("addressType: FQDN, endpoints: [{addresses: [single]}]", "endpoints[0].addresses[0]"),
        Slice("addressType: IPv4, endpoints: [], ports: [{name: Upper}, {name: a}, {name: a}, {name: b, protocol: tcp}]", "ports[0].name ports[2].name ports[3].protocol"),
    ];

    private static AdmissionCase[] Names =>
    [
        Named("a.b-c.1", ""), Named("A", "metadata.name"), Named("a_b", "metadata.name"), Named("a.", "metadata.name"), Named("-a", "metadata.name"),
        Named("'a b'", "metadata.name"), Named("ü", "metadata.name"), Named(new string('a', 254), "metadata.name"), Named(new string('a', 253), ""),
        Named("a, labels: {app: x, 'example.com/Part_1.a': ''}", ""),
        Named("a, labels: {app: 'two words'}", "metadata.labels[app]"), Named("a, labels: {'-app': x}", "metadata.labels"),
        Named("a, labels: {'Example.com/a': x}", "metadata.labels"), Named("a, annotations: {'Example.com/A': 'any text'}", ""),
        Named("a, annotations: {'a/b/c': x}", "metadata.annotations"), Named("a, annotations: {'example.com/': x}", "metadata.annotations"),
        Named("a, annotations: {'nginx.ingress.kubernetes.io/rewrite target': x}", "metadata.annotations"),
        Named($"a, annotations: {{a: {new string('x', 256 * 1024)}}}", "metadata.annotations"),
    ];

    private static AdmissionCase[] Classes =>
    [
        Ingress("ingressClassName: nginx.internal, rules: [{host: a.example}]", ""),
        Ingress("ingressClassName: Nginx, rules: [{host: a.example}]", "spec.ingressClassName"),
        Ingress("ingressClassName: '', rules: [{host: a.example}]", "spec.ingressClassName"),
        new("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {kubernetes.io/ingress.class: x}}, spec: {ingressClassName: y, rules: [{host: a}]}}",
            "metadata.annotations[kubernetes.io/ingress.class]"),
        new("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {kubernetes.io/ingress.class: Any Text}}, spec: {rules: [{host: a}]}}", ""),
        Class("controller: example.com/c", ""), Class("controller: example.com/c/d-1_~", ""), Class("controller: example.com", "spec.controller"),
        Class("controller: Example.com/c", "spec.controller"), Class("controller: example.com/", "spec.controller"), Class("controller: 'example.com/a b'", "spec.controller"),
        Class("controller: ''", "spec.controller"), Class($"controller: example.com/{new string('a', 239)}", "spec.controller"),
    ];

    private static AdmissionCase[] Hosts =>
    [
        Host("a.example", ""), Host("single", ""), Host("'*.example.com'", ""), Host("'*.com'", ""), Host("''", ""), Host("xn--bcher-kva.example", ""), Host("1.example", ""),
        Host("a.1", ""), Host("Shop.example", "spec.rules[0].host"), Host("my_shop.example", "spec.rules[0].host"), Host("a.example.", "spec.rules[0].host"),
        Host("192.0.2.1", "spec.rules[0].host"), Host("'2001:db8::1'", "spec.rules[0].host"), Host("a.example:80", "spec.rules[0].host"),
        Host("'http://a.example'", "spec.rules[0].host"), Host("a.example/", "spec.rules[0].host"), Host("a..example", "spec.rules[0].host"),
        Host("bücher.example", "spec.rules[0].host"), Host("'*'", "spec.rules[0].host"), Host("'*.*.example'", "spec.rules[0].host"),
        Host("'a.*.example'", "spec.rules[0].host"), Host("'*a.example'", "spec.rules[0].host"), Host("'*.Example'", "spec.rules[0].host"),
        Host("' a.example'", "spec.rules[0].host"), Host("a-.example", "spec.rules[0].host"), Host($"{new string('a', 64)}.example", ""),
        Host($"{string.Join('.', Enumerable.Repeat(new string('a', 63), 4))}.a", "spec.rules[0].host"),
        Ingress("rules: [{host: A.example}, {host: b}, {host: c_d}]", "spec.rules[0].host spec.rules[2].host"),
        Ingress("rules: [{host: a}], tls: [{hosts: [a.example, '*.example', 192.0.2.1], secretName: s}, {}]", ""),
        Ingress("rules: [{host: a}], tls: [{hosts: [A.example, '*', a_b]}]", "spec.tls[0].hosts[0] spec.tls[0].hosts[1] spec.tls[0].hosts[2]"),
        Ingress("rules: [{host: a}], tls: [{secretName: My_Secret}]", "spec.tls[0].secretName"),
        Ingress("rules: [{host: a}], tls: [{secretName: other/secret}]", "spec.tls[0].secretName"),
    ];

    private static AdmissionCase[] Paths =>
    [
        Path("path: /, pathType: Prefix", ""), Path("path: /a/b.c, pathType: Exact", ""), Path("path: '/a b?c#d', pathType: Prefix", ""), Path("path: /..a/..., pathType: Prefix", ""),
        Path("path: '/a//b/../%zz', pathType: ImplementationSpecific", ""), Path("pathType: ImplementationSpecific", ""), Path("path: '', pathType: ImplementationSpecific", ""),
        Path("path: /a//b, pathType: Prefix", P + ".path"), Path("path: /a/, pathType: Prefix", ""), Path("path: //, pathType: Exact", P + ".path"),
        Path("path: /a/./b, pathType: Exact", P + ".path"), Path("path: /a/../b, pathType: Prefix", P + ".path"), Path("path: /a/.., pathType: Prefix", P + ".path"),
        Path("path: /a/., pathType: Prefix", P + ".path"), Path("path: /a%2fb, pathType: Prefix", P + ".path"), Path("path: /a%2Fb, pathType: Exact", P + ".path"),
        Path("path: a, pathType: Prefix", P + ".path"), Path("path: a, pathType: ImplementationSpecific", P + ".path"), Path("pathType: Prefix", P + ".path"), Path("path: '', pathType: Exact", P + ".path"),
        Path("path: /", P + ".pathType"), Path("path: /, pathType: prefix", P + ".pathType"), Path("path: /, pathType: ''", P + ".pathType"), Path("path: /, pathType: Regex", P + ".pathType"),
        Path("path: a//b, pathType: Exact", $"{P}.path {P}.path"),
        Ingress("rules: [{host: a, http: {paths: []}}]", "spec.rules[0].http.paths"), Ingress("rules: [{host: a, http: {}}]", "spec.rules[0].http.paths"),
        Ingress("rules: [{host: a, http: {paths: ~}}]", "spec.rules[0].http.paths"), Ingress("rules: [{host: a, http: ~}]", ""), Ingress("rules: [{}]", ""),
        Ingress("rules: []", "spec"), Ingress("tls: []", "spec"),
    ];

    private static AdmissionCase[] Backends =>
    [
        BackendOf("service: {name: s, port: {name: http}}", ""), BackendOf("resource: {kind: Bucket, name: b, apiGroup: example.com}", ""), BackendOf("resource: {kind: Bucket, name: b}", ""),
        BackendOf("", B), BackendOf("service: {name: s, port: {number: 80}}, resource: {kind: Bucket, name: b}", B),
        BackendOf("service: {name: s}", B + ".service.port"), BackendOf("service: {name: s, port: {}}", B + ".service.port"), BackendOf("service: {name: s, port: {number: 0}}", B + ".service.port"),
        BackendOf("service: {name: s, port: {number: 80, name: http}}", B + ".service.port"), BackendOf("service: {name: s, port: {number: 65536}}", B + ".service.port.number"),
        BackendOf("service: {name: s, port: {number: -1}}", B + ".service.port.number"), BackendOf("service: {name: s, port: {name: '80'}}", B + ".service.port.name"),
        BackendOf("service: {name: s, port: {name: HTTP}}", B + ".service.port.name"), BackendOf("service: {name: s, port: {name: sixteen-letters-}}", B + ".service.port.name"),
        BackendOf("service: {name: s, port: {name: a--b}}", B + ".service.port.name"), BackendOf("service: {name: s, port: {name: fifteen-letters}}", ""),
        BackendOf("service: {port: {number: 80}}", B + ".service.name"), BackendOf("service: {name: S, port: {number: 80}}", B + ".service.name"),
        BackendOf("service: {name: a.b, port: {number: 80}}", B + ".service.name"), BackendOf("service: {name: other/s, port: {number: 80}}", B + ".service.name"),
        BackendOf("resource: {kind: Bucket}", B + ".resource.name"), BackendOf("resource: {kind: a/b, name: .., apiGroup: A}", $"{B}.resource.apiGroup {B}.resource.kind {B}.resource.name"),
        Ingress("rules: [{host: a, http: {paths: [{path: /, pathType: Exact}]}}]", P + ".backend"),
        Ingress("rules: [{host: a, http: {paths: [{path: x, pathType: Exact, backend: {service: {name: s}}}]}}]", $"{P}.path {P}.backend.service.port"),
    ];

    private static AdmissionCase[] Others =>
    [
        new("{apiVersion: v1, kind: Secret, metadata: {name: S}}", "metadata.name"), new("{apiVersion: v1, kind: ConfigMap, metadata: {name: a_b}}", "metadata.name"),
        new("{apiVersion: v1, kind: Secret, metadata: {name: s.1}}", ""),
    ];

    private static AdmissionCase[] Services =>
    [
        Service("ports: [{port: 80}]", ""), Service("ports: [{port: 80, targetPort: http, protocol: UDP, appProtocol: kubernetes.io/h2c}]", ""), Service("clusterIP: None", ""),
        Service("type: ExternalName, externalName: a.example", ""), Service("type: ExternalName, externalName: a.example.", ""), Service("type: ExternalName, externalName: 192.0.2.1", ""),
        Service("ports: [{name: a, port: 80}, {name: b, port: 80, protocol: UDP}]", ""), Service("ports: [{port: 80, targetPort: 0}]", ""),
        Service("ports: []", "spec.ports"), Service("type: ExternalName", "spec.externalName"), Service("type: ExternalName, externalName: A.example", "spec.externalName"),
        Service("type: ExternalName, externalName: a_b.example", "spec.externalName"), Service("type: ExternalName, externalName: '::1'", "spec.externalName"),
        Service("type: Clusterip, ports: [{port: 80}]", "spec.type"), Service("ports: [{port: 0}]", "spec.ports[0].port"), Service("ports: [{port: 65536}]", "spec.ports[0].port"),
        Service("ports: [{port: 80}, {port: 81}]", "spec.ports[0].name spec.ports[1].name"), Service("ports: [{name: a, port: 80}, {name: a, port: 81}]", "spec.ports[1].name"),
        Service("ports: [{name: a, port: 80}, {name: b, port: 80}]", "spec.ports[1]"), Service("ports: [{name: HTTP, port: 80}]", "spec.ports[0].name"),
        Service("ports: [{port: 80, protocol: tcp}]", "spec.ports[0].protocol"), Service("ports: [{port: 80, targetPort: 70000}]", "spec.ports[0].targetPort"),
        Service("ports: [{port: 80, targetPort: Web}]", "spec.ports[0].targetPort"), Service("ports: [{port: 80, appProtocol: 'a b'}]", "spec.ports[0].appProtocol"),
        Service("clusterIP: nowhere, ports: [{port: 80}]", "spec.clusterIP"), Service("type: LoadBalancer, clusterIP: None, ports: [{port: 80}]", "spec.clusterIP"),
        Service("type: ExternalName, externalName: a.example, clusterIP: 10.96.1.1", "spec.clusterIP"), Service("externalIPs: [a.example], ports: [{port: 80}]", "spec.externalIPs[0]"),
        new("{apiVersion: v1, kind: Service, metadata: {name: a.b}, spec: {ports: [{port: 80}]}}", "metadata.name"),
        new("{apiVersion: v1, kind: Service, metadata: {name: Web}, spec: {ports: [{port: 80}]}}", "metadata.name"),
    ];

    private const string P = "spec.rules[0].http.paths[0]";

    private const string B = "spec.defaultBackend";

    public override string ToString() => Manifest.Length < 300 ? Manifest : Manifest[..300];

    private static AdmissionCase Named(string metadata, string fields) => new(
        $"{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: {metadata}}}, spec: {{rules: [{{host: a.example}}]}}}}", fields);

    private static AdmissionCase Ingress(string spec, string fields) => new(
        $"{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: a}}, spec: {{{spec}}}}}", fields);

    private static AdmissionCase Class(string spec, string fields) => new(
        $"{{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {{name: a}}, spec: {{{spec}}}}}", fields);

    private static AdmissionCase Host(string host, string fields) => Ingress($"rules: [{{host: {host}}}]", fields);

    private static AdmissionCase Path(string path, string fields) => Ingress($"rules: [{{host: a, http: {{paths: [{{{path}, {Backend}}}]}}}}]", fields);

    private static AdmissionCase BackendOf(string backend, string fields) => Ingress($"defaultBackend: {{{backend}}}", fields);

    private static AdmissionCase Service(string spec, string fields) => new($"{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {{{spec}}}}}", fields);

    private static AdmissionCase Slice(string members, string fields) => new(
        $"{{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {{name: a, labels: {{kubernetes.io/service-name: a}}}}, {members}}}", fields);
}
