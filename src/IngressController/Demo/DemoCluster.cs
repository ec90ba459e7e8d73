using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Demo;

/// <summary>
/// A temporary folder with the manifests of a small cluster: the built-in Ingresses, EndpointSlices for the echo backends, and a
/// certificate.
/// </summary>
internal sealed class DemoCluster : IDisposable
{
    public const string Namespace = "demo";

    private DemoCluster(string folder) => Folder = folder;

    public static IReadOnlyList<EchoPod> Pods { get; } =
    [
        new("web", "web-1"), new("web", "web-2"), new("api", "api-1"), new("api", "api-2"),
        new("apps", "apps-1"), new("rpc", "rpc-1", UsesH2c: true), new("fallback", "fallback-1"),
    ];

    public string Folder { get; }

    public static DemoCluster Create(EchoBackend backend)
    {
        var cluster = new DemoCluster(Directory.CreateTempSubdirectory("ingress-demo-").FullName);
        using (var builtIn = typeof(DemoCluster).Assembly.GetManifestResourceStream("demo.yaml")!)
        using (var file = File.Create(Path.Combine(cluster.Folder, "ingresses.yaml")))
            builtIn.CopyTo(file);

        cluster.Write("shop-tls.json", Secret("shop-tls", "shop.localhost"), ApiJson.Of<V1Secret>());
        foreach (var service in backend.Ports.GroupBy(port => port.Key.Service))
        {
            // The Pods share one address and have different ports, so each needs its own slice.
            foreach (var (pod, port) in service)
                cluster.Write($"endpoints-{pod.Name}.json", Slice(pod, port), ApiJson.Of<V1EndpointSlice>());
        }

        return cluster;
    }

    public void Dispose()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    private void Write<T>(string file, T resource, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        File.WriteAllText(Path.Combine(Folder, file), JsonSerializer.Serialize(resource, type));

    private static V1EndpointSlice Slice(EchoPod pod, int port) => new()
    {
        ApiVersion = "discovery.k8s.io/v1",
        Kind = "EndpointSlice",
        Metadata = new V1ObjectMeta
        {
            Name = pod.Name,
            NamespaceProperty = Namespace,
            Labels = new Dictionary<string, string> { [KubernetesVocabulary.ServiceNameLabel] = pod.Service },
        },
        AddressType = "IPv4",
        Ports = [new Discoveryv1EndpointPort { Name = pod.Service == "api" ? "http" : null, Port = port, Protocol = "TCP" }],
        Endpoints = [new V1Endpoint { Addresses = ["127.0.0.1"], Conditions = new V1EndpointConditions { Ready = true } }],
    };

    private static V1Secret Secret(string name, string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));
        return new V1Secret
        {
            ApiVersion = "v1",
            Kind = "Secret",
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Namespace },
            Type = KubernetesVocabulary.TlsSecretType,
            StringData = new Dictionary<string, string>
            {
                ["tls.crt"] = certificate.ExportCertificatePem(),
                ["tls.key"] = key.ExportPkcs8PrivateKeyPem(),
            },
        };
    }
}
