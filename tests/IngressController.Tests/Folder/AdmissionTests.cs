using IngressController.Routing.Diagnostics;
using IngressController.Sources.Folder;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Folder;

/// <summary>What an API server refuses is an error in manifests, and what it admits is not.</summary>
public sealed class AdmissionTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, AdmissionCase.All.Concat(AdmissionCase.Slices).Count())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Refused_fields_are_named(int index)
    {
        var (text, fields) = AdmissionCase.All.Concat(AdmissionCase.Slices).ElementAt(index);
        var manifest = Read(text);

        Assert.Equal(fields, string.Join(' ', manifest.Problems.Select(problem => problem.Diagnostic.Field)));
        Assert.Equal(fields.Length == 0 ? 1 : 0, manifest.Objects.Length);
        Assert.All(manifest.Problems, problem => Assert.Equal(
            (DiagnosticCode.ObjectInvalid, DiagnosticSeverity.Error, DiagnosticEffect.ObjectIgnored),
            (problem.Diagnostic.Code, problem.Diagnostic.Severity, problem.Diagnostic.Effect)));
    }

    [Theory]
    [InlineData("host: Shop.Example.com", "\"Shop.Example.com\" must be lower case: write shop.example.com")]
    [InlineData("host: my_shop.example.com", "\"my_shop.example.com\" may not contain an underscore")]
    [InlineData("host: https://shop.example.com", "\"https://shop.example.com\" is a URL: write the host alone")]
    [InlineData("host: shop.example.com.", "\"shop.example.com.\" may not end with a dot: write shop.example.com")]
    [InlineData("host: 192.0.2.1", "\"192.0.2.1\" must be a DNS name, not an IP address")]
    [InlineData("http: {paths: [{path: /a//b, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}", "\"/a//b\" may not contain //")]
    [InlineData("http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {name: '80'}}}}]}", "\"80\" is a number: write number: 80")]
    public void Message_says_what_to_write(string rule, string expected) => Assert.Equal(
        expected, Assert.Single(Read($"{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: a}}, spec: {{rules: [{{{rule}}}]}}}}").Problems).Diagnostic.Message);

    [Theory]
    [InlineData("networking.k8s.io/v1", "ingress", "kind: \"ingress\" is unknown: write Ingress")]
    [InlineData("networking.k8s.io/v1", "Ingresses", "kind: \"Ingresses\" is unknown: write Ingress")]
    [InlineData("v1", "service", "kind: \"service\" is unknown: write Service")]
    [InlineData("networking.k8s.io/v1", "ingressclass", "kind: \"ingressclass\" is unknown: write IngressClass")]
    [InlineData("v1", "Ingress", "apiVersion: \"v1\" is not supported; use networking.k8s.io/v1")]
    [InlineData("networking/v1", "Ingress", "apiVersion: \"networking/v1\" is not supported; use networking.k8s.io/v1")]
    [InlineData("networking.k8s.io/v2", "Ingress", "apiVersion: \"networking.k8s.io/v2\" is not supported; use networking.k8s.io/v1")]
    [InlineData("networking.k8s.oi/v1", "Ingress", "apiVersion: \"networking.k8s.oi/v1\" is not supported; use networking.k8s.io/v1")]
    [InlineData("apps/v1", "Service", "apiVersion: \"apps/v1\" is not supported; use v1")]
    [InlineData("discovery.k8s.io/v1beta1", "EndpointSlice", "apiVersion: \"discovery.k8s.io/v1beta1\" is not supported; use discovery.k8s.io/v1")]
    [InlineData("''", "ConfigMap", "apiVersion: is missing; use v1")]
    public void Kind_and_version_must_be_those_of_the_API(string apiVersion, string kind, string expected)
    {
        var manifest = Read($"apiVersion: {apiVersion}\nkind: {kind}\nmetadata: {{name: a}}\n");

        var problem = Assert.Single(manifest.Problems).Diagnostic;
        Assert.Equal((expected, DiagnosticSeverity.Error), ($"{problem.Field}: {problem.Message}", problem.Severity));
        Assert.Empty(manifest.Objects);
    }

    [Theory]
    [InlineData("networking.internal.knative.dev/v1alpha1", "Ingress")]
    [InlineData("config.openshift.io/v1", "Ingress")]
    [InlineData("serving.knative.dev/v1", "Service")]
    [InlineData("example.com/v1", "service")]
    [InlineData("v1", "Pod")]
    [InlineData("gateway.networking.k8s.io/v1", "HTTPRoute")]
    public void Kinds_of_other_APIs_are_ignored(string apiVersion, string kind) =>
        Assert.Empty(Read($"apiVersion: {apiVersion}\nkind: {kind}\nmetadata: {{name: A_b}}\n").Problems);

    [Fact]
    public async Task Refused_object_is_not_served_and_keeps_its_last_valid_version()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("web"));
        var good = Manifests.Service("web", [backend.Port]) + Manifests.Ingress("good", "good.example", "web");
        await using var controller = await TestController.StartAsync(good + Manifests.Ingress("bad", "Bad.example", "web") + Manifests.Ingress("same", "same.example", "web"));
        var file = Path.Combine(controller.Folder, "manifests.yaml");

        Assert.Equal("web", await controller.Client.GetStringAsync("http://good.example/"));
        Assert.Equal("web", await controller.Client.GetStringAsync("http://same.example/"));
        using (var answer = await controller.Client.GetAsync("http://bad.example/"))
            Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);

        // As in a cluster: the valid objects of a file are applied, and the one that is refused stays as it was.
        await File.WriteAllTextAsync(file, good + Manifests.Ingress("same", "same.example", "web", path: "/a//b") + Manifests.Ingress("new", "new.example", "web"));
        await controller.UntilAsync(live => live.Table.Hosts.ContainsKey("new.example"));
        Assert.Equal("web", await controller.Client.GetStringAsync("http://same.example/"));
    }

    private static Manifest Read(string text) => Manifest.Read("file.yaml", new StringReader(text));
}
