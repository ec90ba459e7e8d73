using System.Text.Json;

namespace IngressController.Tests.Fakes;

/// <summary>Ingresses with annotations, for tests of features.</summary>
internal static class AnnotatedIngress
{
    private static int _names;

    extension(ProxyFixture proxy)
    {
        /// <summary>Gives an endpoint a host of its own with annotations under nginx's prefix, and returns the host once it is served.</summary>
        public Task<string> ServeAsync(int port, params (string Name, string Value)[] annotations) => proxy.ServeAsync(port, null, annotations);

        /// <param name="port">The endpoint's port.</param>
        /// <param name="appProtocol">What it speaks.</param>
        /// <param name="annotations">Names without prefix.</param>
        public async Task<string> ServeAsync(int port, string? appProtocol, (string Name, string Value)[] annotations)
        {
            var name = $"annotated-{Interlocked.Increment(ref _names)}";
            await proxy.AddAsync(Manifests.Service(name, [port], appProtocol) + Manifest(name, $"{name}.example", name, annotations));
            return $"{name}.example";
        }
    }

    /// <summary>One Ingress with one host and the path /. With a certificate it is served by http as well.</summary>
    public static string Manifest(string name, string host, string service, (string Name, string Value)[] annotations, string? tlsSecret = null) =>
        Manifests.Ingress(name, host, service, tlsSecret: tlsSecret, annotations: "").Replace(
            "annotations: {}", $"annotations: {{{string.Join(", ", (tlsSecret is null ? annotations : [.. annotations, ("ssl-redirect", "false")]).Select(Text))}}}",
            StringComparison.Ordinal);

    private static string Text((string Name, string Value) annotation) =>
        $"\"nginx.ingress.kubernetes.io/{annotation.Name}\": {JsonSerializer.Serialize(annotation.Value)}";
}
