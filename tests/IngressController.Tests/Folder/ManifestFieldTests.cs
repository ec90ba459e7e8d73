using IngressController.Routing.Diagnostics;
using IngressController.Sources.Folder;

namespace IngressController.Tests.Folder;

/// <summary>Fields of the wrong type, fields that do not exist, and fields of old versions: each is named, with what to write.</summary>
public sealed class ManifestFieldTests
{
    [Fact]
    public void All_values_of_the_wrong_type_are_reported_in_the_words_of_the_manifest()
    {
        var manifest = Read("""
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: a
              labels: {app: 1}
              annotations:
                nginx.ingress.kubernetes.io/ssl-redirect: false
            spec:
              ingressClassName: [nginx]
              defaultBackend: web
              rules:
                host: a.example
              tls: [a.example, {hosts: a.example}]
            """);

        Assert.Empty(manifest.Objects);
        Assert.Equal(
            [
                "5 metadata.labels.app must be a string, but is a number: put the value in quotes",
                "7 metadata.annotations['nginx.ingress.kubernetes.io/ssl-redirect'] must be a string, but is a boolean: put the value in quotes",
                "9 spec.ingressClassName must be a string, but is a list",
                "10 spec.defaultBackend must be a map, but is a string",
                "11 spec.rules must be a list, but is a map: put \"- \" before each item",
                "13 spec.tls[0] must be a map, but is a string",
                "13 spec.tls[1].hosts must be a list, but is a string",
            ],
            manifest.Problems.Select(Text));
        Assert.All(manifest.Problems, problem => Assert.Equal(
            ("Ingress default/a", DiagnosticCode.ObjectUnreadable, DiagnosticSeverity.Error),
            (problem.Diagnostic.Subject.ToString(), problem.Diagnostic.Code, problem.Diagnostic.Severity)));
    }

    [Theory]
    [InlineData("Service", "spec: {ports: {port: 80}}", "spec.ports must be a list, but is a map: put \"- \" before each item")]
    [InlineData("Service", "spec: {ports: [{port: '80'}]}", "spec.ports[0].port must be a number, but is a string: remove the quotes")]
    [InlineData("Service", "spec: {ports: [{port: http}]}", "spec.ports[0].port must be a number, but is a string")]
    [InlineData("Service", "spec: {ports: [{port: 80.5}]}", "spec.ports[0].port must be a whole number")]
    [InlineData("Service", "spec: {ports: [{port: 4294967296}]}", "spec.ports[0].port is too large")]
    [InlineData("Service", "spec: {ports: [{port: ~}]}", "spec.ports[0].port is missing")]
    [InlineData("Service", "spec: {ports: [{port: 80, targetPort: true}]}", "spec.ports[0].targetPort must be a number or a string, but is a boolean")]
    [InlineData("Service", "spec: {ports: [{port: 80}], publishNotReadyAddresses: 'true'}", "spec.publishNotReadyAddresses must be true or false, but is a string: remove the quotes")]
    [InlineData("Service", "spec: [a]", "spec must be a map, but is a list")]
    [InlineData("Secret", "data: [a]", "data must be a map, but is a list")]
    [InlineData("Secret", "data: {a: '%'}", "data.a must be Base64; write plain text below stringData")]
    [InlineData("Secret", "stringData: {a: 1}", "stringData.a must be a string, but is a number: put the value in quotes")]
    [InlineData("ConfigMap", "data: {a: {b: c}}", "data.a must be a string, but is a map")]
    [InlineData("ConfigMap", "data: {a: on}", "data.a must be a string, but is a boolean: put the value in quotes")]
    public void Each_kind_names_its_fields(string kind, string rest, string expected) =>
        Assert.Equal(expected, Text(Assert.Single(Read($"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{rest}\n").Problems))[2..]);

    [Theory]
    [InlineData("spec: {backend: {service: {name: s, port: {number: 80}}}}", "spec.backend", "spec.defaultBackend")]
    [InlineData("spec: {ingressClass: nginx}", "spec.ingressClass", "spec.ingressClassName")]
    [InlineData("spec: {ingressclassname: nginx}", "spec.ingressclassname", "spec.ingressClassName")]
    [InlineData("spec: {ingress-class-name: nginx}", "spec.ingress-class-name", "spec.ingressClassName")]
    [InlineData("spec: {rule: []}", "spec.rule", "spec.rules")]
    [InlineData("spec: {TLS: []}", "spec.TLS", "spec.tls")]
    [InlineData("spec: {hosts: [a]}", "spec.hosts", "spec.tls[].hosts")]
    [InlineData("spec: {rules: [{host: a.example, paths: [{path: /}]}]}", "spec.rules[0].paths", "spec.rules[0].http.paths")]
    [InlineData("spec: {rules: [{hosts: a.example}]}", "spec.rules[0].hosts", "spec.rules[0].host")]
    [InlineData("spec: {rules: [{host: a, http: {path: []}}]}", "spec.rules[0].http.path", "spec.rules[0].http.paths")]
    [InlineData("spec: {rules: [{host: a, http: {paths: [{path: /, pathtype: Prefix}]}}]}", "spec.rules[0].http.paths[0].pathtype", "spec.rules[0].http.paths[0].pathType")]
    [InlineData("spec: {defaultBackend: {serviceName: s}}", "spec.defaultBackend.serviceName", "spec.defaultBackend.service.name")]
    [InlineData("spec: {defaultBackend: {servicePort: 80}}", "spec.defaultBackend.servicePort", "spec.defaultBackend.service.port.number")]
    [InlineData("spec: {defaultBackend: {service: {name: s, port: {nubmer: 80}}}}", "spec.defaultBackend.service.port.nubmer", "spec.defaultBackend.service.port.number")]
    [InlineData("spec: {tls: [{secret: s}]}", "spec.tls[0].secret", "spec.tls[0].secretName")]
    [InlineData("ingressClassName: nginx", "ingressClassName", "spec.ingressClassName")]
    [InlineData("annotations: {}", "annotations", "metadata.annotations")]
    [InlineData("rules: []", "rules", "spec.rules")]
    public void Unknown_field_of_an_Ingress_is_named_with_the_nearest_one(string rest, string field, string nearest)
    {
        var problem = Read($"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a}}\n{rest}\n").Problems
            .Single(problem => problem.Diagnostic.Code == DiagnosticCode.FieldUnknown);

        Assert.Equal($"4 {field} is not a field of Ingress, and kubectl refuses it; did you mean {nearest}?", Text(problem));
        Assert.Equal((DiagnosticSeverity.Error, DiagnosticEffect.FieldIgnored), (problem.Diagnostic.Severity, problem.Diagnostic.Effect));
    }

    [Theory]
    [InlineData("v1", "Service", "spec: {port: [], ports: [{port: 80}]}", "spec.port", "; did you mean spec.ports?")]
    [InlineData("v1", "Service", "spec: {ports: [{port: 80, targetport: 80}]}", "spec.ports[0].targetport", "; did you mean spec.ports[0].targetPort?")]
    [InlineData("v1", "Service", "spec: {ports: [{port: 80}], selectors: {}}", "spec.selectors", "; did you mean spec.selector?")]
    [InlineData("v1", "Secret", "stringdata: {}", "stringdata", "; did you mean stringData?")]
    [InlineData("v1", "ConfigMap", "spec: {}", "spec", "")]
    [InlineData("networking.k8s.io/v1", "IngressClass", "spec: {controllerName: x, controller: a.b/c}", "spec.controllerName", "; did you mean spec.controller?")]
    [InlineData("discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4\nendpoints: [{addresses: [192.0.2.1], condition: {}}]", "endpoints[0].condition", "; did you mean endpoints[0].conditions?")]
    public void Unknown_field_of_another_kind_is_named_and_the_object_is_read(string apiVersion, string kind, string rest, string field, string hint)
    {
        var manifest = Read($"apiVersion: {apiVersion}\nkind: {kind}\nmetadata: {{name: a}}\n{rest}\n");

        var problem = Assert.Single(manifest.Problems).Diagnostic;
        Assert.Equal((field, $"is not a field of {kind}, and kubectl refuses it{hint}"), (problem.Field, problem.Message));
        Assert.Single(manifest.Objects);
    }

    [Fact]
    public void Exported_objects_have_no_unknown_field() => Assert.Empty(Read("""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: a
          generateName: a-
          creationTimestamp: "2024-01-31T12:00:00Z"
          finalizers: [a/b]
          generation: 1
          managedFields: [{apiVersion: networking.k8s.io/v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {}}, manager: kubectl, operation: Update, time: "2024-01-31T12:00:00Z"}]
          ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u, controller: true, blockOwnerDeletion: true}]
          selfLink: /x
        spec: {rules: [{host: a.example}]}
        status: {loadBalancer: {ingress: [{ip: 192.0.2.1, ports: [{port: 80, protocol: TCP}]}]}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: a, creationTimestamp: null}
        spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], internalTrafficPolicy: Cluster, ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, ports: [{port: 80, nodePort: 30000}], selector: {a: b}, sessionAffinity: None, trafficDistribution: PreferClose}
        status: {loadBalancer: {}}
        """).Problems.Select(Text));

    [Theory]
    [InlineData("extensions/v1beta1")]
    [InlineData("networking.k8s.io/v1beta1")]
    public void Old_Ingress_gets_the_whole_answer(string version)
    {
        var manifest = Read($$$$"""
            apiVersion: {{{{version}}}}
            kind: Ingress
            metadata: {name: old}
            spec:
              backend:
                serviceName: web
                servicePort: 80
              rules:
              - host: a.example
                http:
                  paths:
                  - path: /
                    backend:
                      serviceName: web
                      servicePort: http
                  - path: /b
                    pathType: Prefix
                    backend: {serviceName: b, servicePort: "8080"}
                  - backend: {service: {name: c, port: {number: 80}}}
            """);

        Assert.Empty(manifest.Objects);
        Assert.Equal(
            [
                $"1 apiVersion \"{version}\" is not supported; use networking.k8s.io/v1",
                "5 spec.backend is called defaultBackend in networking.k8s.io/v1; write defaultBackend: {service: {name: web, port: {number: 80}}}",
                "12 spec.rules[0].http.paths[0].pathType is required in networking.k8s.io/v1; write pathType: ImplementationSpecific, which is what the old version means, or Prefix or Exact",
                "13 spec.rules[0].http.paths[0].backend has serviceName and servicePort, which networking.k8s.io/v1 does not have; write backend: {service: {name: web, port: {name: http}}}",
                "18 spec.rules[0].http.paths[1].backend has serviceName and servicePort, which networking.k8s.io/v1 does not have; write backend: {service: {name: b, port: {number: 8080}}}",
                "19 spec.rules[0].http.paths[2].pathType is required in networking.k8s.io/v1; write pathType: ImplementationSpecific, which is what the old version means, or Prefix or Exact",
            ],
            manifest.Problems.Select(Text));
    }

    private static string Text(ManifestProblem problem) => $"{problem.Line} {problem.Diagnostic.Field} {problem.Diagnostic.Message}";

    private static Manifest Read(string text) => Manifest.Read("file.yaml", new StringReader(text));
}
