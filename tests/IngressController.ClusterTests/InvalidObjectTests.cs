using IngressController.ClusterTests.Fixture;

namespace IngressController.ClusterTests;

/// <summary>What an API server accepts, and no route can be made of; it validates little.</summary>
[Collection(ClusterCollection.Name)]
public sealed class InvalidObjectTests(ClusterFixture cluster)
{
    [ClusterFact]
    public async Task Invalid_objects_are_diagnosed_and_harm_no_other()
    {
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("good", "good.example", "a"), ns);
        await controller.UntilAnswerAsync("http://good.example/", "200 a");

        await cluster.Client.CreateAsync(Ingress("braces", """/{id}/*/"quoted"'""", "ImplementationSpecific"), ns);
        await cluster.Client.CreateAsync(Ingress("long", "/" + new string('x', 4_000), "Prefix"), ns);
        await cluster.Client.CreateAsync(Ingress("odd", "/a//b/../%zz?x=1#y", "ImplementationSpecific"), ns);
        await cluster.Client.CreateAsync(Ingress("pattern", "/[a-z]+(", "ImplementationSpecific"), ns);
        await cluster.Client.CreateAsync(Ingress("dots", "/ok", "Prefix", port: 4711), ns);
        await cluster.Client.CreateAsync(Ingress("missing", "/missing", "Prefix", service: "nowhere"), ns);
        await cluster.Client.CreateAsync(Manifests.TlsSecret("garbage", "no certificate", "no key"), ns);
        await cluster.Client.CreateAsync(Manifests.Ingress("tls", "garbage.example", "b", tlsSecret: "garbage"), ns);
        await cluster.Client.CreateAsync(Manifests.Slice("broken", 1).Replace($"\"{TestBackend.Address}\"", "\"no-address\"", StringComparison.Ordinal), ns);
        await cluster.Client.CreateAsync(Manifests.Service("broken"), ns);
        await cluster.Client.CreateAsync(Manifests.Ingress("slice", "slice.invalid.example", "broken"), ns);
        await cluster.Client.CreateAsync(Manifests.Ingress("last", "last.example", "b"), ns);

        await controller.UntilAnswerAsync("http://last.example/", "200 b");
        Assert.Equal("200 a", await controller.Client.AnswerAsync("http://good.example/"));
        Assert.Equal("200 b", await controller.Client.AnswerAsync("https://garbage.example/"));
        Assert.Equal("503", await controller.Client.AnswerAsync("http://dots.invalid.example/ok"));
        Assert.Equal("503", await controller.Client.AnswerAsync("http://missing.invalid.example/missing"));
        Assert.Equal("503", await controller.Client.AnswerAsync("http://slice.invalid.example/"));
        Assert.Equal(
            [
                "braces: PathLooksLikePattern", "dots: ServicePortNotFound", "long: PathVeryLong", "missing: ServiceNotFound",
                "odd: PathInvalid", "pattern: PathLooksLikePattern", "slice: EndpointAddressInvalid", "slice: ServiceWithoutEndpoints",
                "tls: TlsSecretInvalid",
            ],
            (await controller.DiagnosticsAsync(ns)).Distinct());
    }

    /// <summary>EndpointSlices of this server are a custom resource without a schema: what they hold may be of any type.</summary>
    [ClusterFact]
    public async Task An_object_that_does_not_decode_keeps_its_last_state_and_harms_no_other()
    {
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "undecodable.example", "a"), ns);
        await controller.UntilAnswerAsync("http://undecodable.example/", "200 a");
        if (!cluster.HasSchemalessEndpointSlices)
            return; // a newer server refuses such a slice

        var slice = Manifests.Slice("a", cluster.Backend.Port("a"));
        await cluster.Client.ApplyAsync(slice.Replace("conditions: {ready: true}", "conditions: [1, 2]", StringComparison.Ordinal), ns);
        await Wait.UntilAsync(
            async () => (await controller.DiagnosticsAsync(ns)).SequenceEqual(["a: ObjectUnreadable"]), "the slice is reported", controller.Log.ToString);
        Assert.Equal("200 a", await controller.Client.AnswerAsync("http://undecodable.example/"));

        await cluster.Client.ApplyAsync(Manifests.Slice("a", cluster.Backend.Port("b")), ns);
        await controller.UntilAnswerAsync("http://undecodable.example/", "200 b");
        Assert.Empty(await controller.DiagnosticsAsync(ns));
    }

    private static string Ingress(string name, string path, string pathType, string service = "a", int port = 80) => $$"""
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: {{name}} }
        spec:
          ingressClassName: yarp
          rules:
          - host: {{name}}.invalid.example
            http:
              paths:
              - path: {{System.Text.Json.JsonSerializer.Serialize(path)}}
                pathType: {{pathType}}
                backend: {service: {name: {{service}}, port: {number: {{port}} } } }
        """;
}
