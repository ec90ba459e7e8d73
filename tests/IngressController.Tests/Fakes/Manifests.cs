namespace IngressController.Tests.Fakes;

/// <summary>Short ways to write the manifests that most tests need.</summary>
internal static class Manifests
{
    /// <summary>One Ingress with one rule. With a certificate it is served by http as well, unless its annotations say otherwise.</summary>
    /// <param name="annotations">Without prefix, as members of a YAML mapping in braces: <c>limit-rps: "5", use-regex: "true"</c>.</param>
    public static string Ingress(
        string name, string host, string service, string path = "/", string pathType = "Prefix", string? tlsSecret = null, string? annotations = null) => $$"""
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: {{name}}, annotations: {{{Annotations(annotations ?? (tlsSecret is null ? "" : "ssl-redirect: \"false\""))}}} }
        spec:
          ingressClassName: yarp
          {{(tlsSecret is null ? "" : $"tls: [{{hosts: [\"{host}\"], secretName: {tlsSecret} }}]")}}
          rules:
          - host: "{{host}}"
            http: {paths: [{path: "{{path}}", pathType: {{pathType}}, backend: {service: {name: {{service}}, port: {number: 80} } } }]}

        """;

    private static string Annotations(string members) =>
        System.Text.RegularExpressions.Regex.Replace(members, @"(^|, )([a-z0-9-]+): ", "$1yarp.ingress.kubernetes.io/$2: ");

    /// <summary>A Service with port 80 and its endpoints at 127.0.0.1, one slice per port.</summary>
    public static string Service(string name, IEnumerable<int> ports, string? appProtocol = null) => $$"""
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: {{name}} }
        spec: {ports: [{port: 80{{(appProtocol is null ? "" : $", appProtocol: {appProtocol}")}}}]}

        """ + string.Concat(ports.Select((port, index) => $$"""
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: {{name}}-{{index}}, labels: {kubernetes.io/service-name: {{name}} } }
        addressType: IPv4
        ports: [{port: {{port}}}]
        endpoints: [{addresses: [127.0.0.1], conditions: {ready: true} }]

        """));
}
