using System.Runtime.CompilerServices;
using System.Text;
using IngressController.Configuration;
using IngressController.Demo;
using IngressController.Explain;
using IngressController.Routing.Cluster;
using IngressController.Sources.Folder;
using IngressController.Tests.Fakes;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Tests.Explain;

/// <summary>A controller that serves the manifests in this folder, with an echo backend for each Service.</summary>
internal sealed class ExplainedCluster : IAsyncDisposable
{
    private readonly EchoBackend _backend;

    private ExplainedCluster(EchoBackend backend, TestController controller, IReadOnlyList<Manifest> manifests)
    {
        _backend = backend;
        Controller = controller;
        Rules =
        [
            .. from item in manifests.SelectMany(manifest => manifest.Objects)
               let ingress = item.Resource as V1Ingress
               where ingress is not null
               from rule in ingress.Spec!.Rules!
               select (rule!.Host ?? "hostless.example", rule.Http!.Paths!.Select(path => path!.Path!).ToArray()),
        ];
    }

    public TestController Controller { get; }

    /// <summary>The hosts of all rules, each with its paths as written.</summary>
    public (string Host, string[] Paths)[] Rules { get; }

    public Explainer Explainer => Controller.Services.GetRequiredService<Explainer>();

    public static async Task<ExplainedCluster> StartAsync(Func<IngressOptions, IngressOptions>? configure = null)
    {
        string[] texts = [Text("routing.yaml"), Text("policies.yaml")];
        Manifest[] manifests = [.. texts.Select(text => Manifest.Read("manifests", new StringReader(text)))];
        Assert.Empty(manifests.SelectMany(manifest => manifest.Problems));
        var services = manifests.SelectMany(manifest => manifest.Objects).Select(item => item.Resource).OfType<V1Service>()
            .Where(service => service.Metadata!.Labels?.Find("endpoints") != "none").ToArray();
        var pods = services.ToDictionary(service => service, service => new EchoPod(
            service.ResourceName.Name, service.ResourceName.Name, service.Spec!.Ports![0]!.AppProtocol is "kubernetes.io/h2c"));
        var backend = await EchoBackend.StartAsync([.. pods.Values], CancellationToken.None);

        var pki = new Pki();
        var all = new StringBuilder().AppendJoin("\n---\n", texts).Append('\n')
            .Append(pki.Secret("shop-cert", "shop.example", "secure.example")).Append(pki.Secret("apps-cert", "*.apps.example"));
        foreach (var (service, pod) in pods)
            all.Append(Slice(service, backend.Ports[pod]));
        return new ExplainedCluster(backend, await TestController.StartAsync(all.ToString(), configure), manifests);
    }

    public async ValueTask DisposeAsync()
    {
        await Controller.DisposeAsync();
        await _backend.DisposeAsync();
    }

    private static string Slice(V1Service service, int port) => $$"""
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: {{service.ResourceName.Name}}, labels: {kubernetes.io/service-name: {{service.ResourceName.Name}} } }
        addressType: IPv4
        ports: [{{string.Join(", ", service.Spec!.Ports!.Select(entry => entry!.Name is { } name ? $"{{name: {name}, port: {port}}}" : $"{{port: {port}}}"))}}]
        endpoints: [{addresses: [127.0.0.1], conditions: {ready: true} }]

        """;

    private static string Text(string file, [CallerFilePath] string thisFile = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, file));
}
