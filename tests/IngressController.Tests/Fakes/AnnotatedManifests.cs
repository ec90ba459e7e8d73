namespace IngressController.Tests.Fakes;

/// <summary>Ingresses with annotations.</summary>
internal static class AnnotatedManifests
{
    /// <summary>An Ingress with one rule.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="host">The host of its rule.</param>
    /// <param name="service">The Service behind it, at port 80.</param>
    /// <param name="path">The path of its rule.</param>
    /// <param name="age">How many days old it is; decides which Ingress goes first.</param>
    /// <param name="annotations">Names without prefix, and values.</param>
    public static string Ingress(string name, string host, string service, string path = "/", int age = 0, params (string Name, string Value)[] annotations) => $$"""
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: {{name}}
          creationTimestamp: "{{new DateTime(2024, 1, 31).AddDays(-age):yyyy-MM-dd}}T00:00:00Z"
          annotations:
        {{string.Join('\n', annotations.Select(annotation => $"    yarp.ingress.kubernetes.io/{annotation.Name}: {System.Text.Json.JsonSerializer.Serialize(annotation.Value)}"))}}
        spec:
          ingressClassName: yarp
          rules:
          - host: "{{host}}"
            http: {paths: [{path: "{{path}}", pathType: Prefix, backend: {service: {name: {{service}}, port: {number: 80} } } }]}

        """;
}
