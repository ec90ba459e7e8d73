using IngressController.ClusterTests.Fixture;
using Xunit.Abstractions;

namespace IngressController.ClusterTests;

/// <summary>Objects that an API server accepts but that do not result in a route; it validates little.</summary>
[Collection(ClusterCollection.Name)]
public sealed class InvalidObjectTests(ClusterFixture cluster, ITestOutputHelper output)
{
    [ClusterFact]
    public async Task Invalid_objects_are_reported_and_do_not_affect_others()
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
        var acceptsInvalidSlice = await AcceptsAsync(Manifests.Slice("broken", 1).Replace($"\"{TestBackend.Address}\"", "\"no-address\"", StringComparison.Ordinal), ns);
        await cluster.Client.CreateAsync(Manifests.Service("broken"), ns);
        await cluster.Client.CreateAsync(Manifests.Ingress("slice", "slice.invalid.example", "broken"), ns);
        await cluster.Client.CreateAsync(Manifests.Ingress("last", "last.example", "b"), ns);

        await controller.UntilAnswerAsync("http://last.example/", "200 b");
        Assert.Equal("200 a", await controller.Client.AnswerAsync("http://good.example/"));
        Assert.Equal("200 b", await controller.Client.AnswerAsync("https://garbage.example/"));
        Assert.Equal("503", await controller.Client.AnswerAsync("http://dots.invalid.example/ok"));
        Assert.Equal("503", await controller.Client.AnswerAsync("http://missing.invalid.example/missing"));
        Assert.Equal("503", await controller.Client.AnswerAsync("http://slice.invalid.example/"));
        string[] slice = acceptsInvalidSlice ? ["slice: EndpointAddressInvalid", "slice: ServiceWithoutEndpoints"] : ["slice: ServiceWithoutEndpoints"];
        Assert.Equal(
            [
                "braces: PathLooksLikePattern", "dots: ServicePortNotFound", "long: PathVeryLong", "missing: ServiceNotFound",
                "odd: NothingToRoute", "odd: PathInvalid", "pattern: PathLooksLikePattern", .. slice, "tls: TlsSecretInvalid",
            ],
            (await controller.DiagnosticsAsync(ns)).Distinct());
    }

    /// <summary>If EndpointSlices are a custom resource without a schema, their fields can have any type.</summary>
    [ClusterFact]
    public async Task An_object_that_does_not_decode_keeps_its_last_state_and_does_not_affect_others()
    {
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "undecodable.example", "a"), ns);
        await controller.UntilAnswerAsync("http://undecodable.example/", "200 a");
        var broken = Manifests.Slice("a", cluster.Backend.Port("a")).Replace("conditions: {ready: true}", "conditions: [1, 2]", StringComparison.Ordinal);
        if (cluster.Capabilities.Serves("discovery.k8s.io/v1"))
        {
            output.WriteLine($"API server {cluster.Capabilities.Version} has a schema of EndpointSlices, so it cannot return one that does not decode");
            await Assert.ThrowsAsync<HttpRequestException>(() => cluster.Client.ApplyAsync(broken, ns));
            return;
        }

        await cluster.Client.ApplyAsync(broken, ns);
        await Wait.UntilAsync(
            async () => (await controller.DiagnosticsAsync(ns)).SequenceEqual(["a: ObjectUnreadable"]), "the slice is reported", controller.Log.ToString);
        Assert.Equal("200 a", await controller.Client.AnswerAsync("http://undecodable.example/"));

        await cluster.Client.ApplyAsync(Manifests.Slice("a", cluster.Backend.Port("b")), ns);
        await controller.UntilAnswerAsync("http://undecodable.example/", "200 b");
        Assert.Empty(await controller.DiagnosticsAsync(ns));
    }

    /// <summary>
    /// Creates a slice if the API server accepts it, otherwise writes that to the output: then no controller receives it.
    /// </summary>
    private async Task<bool> AcceptsAsync(string slice, string ns)
    {
        if (await cluster.Client.RejectionReasonAsync(slice, ns) is { } reason)
        {
            output.WriteLine($"API server {cluster.Capabilities.Version} rejects the slice itself, so its diagnostic is not checked: {reason}");
            return false;
        }

        await cluster.Client.CreateAsync(slice, ns);
        return true;
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
