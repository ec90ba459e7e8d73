using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IngressController.Routing.Cluster;
using k8s.Models;

namespace IngressController.Tests.FullStack;

/// <summary>Creates small objects as a watch delivers them.</summary>
internal static class ClusterObjects
{
    private static readonly Lazy<(byte[] Certificate, byte[] Key)[]> Certificates = new(() => [NewCertificate(), NewCertificate()]);
    private static int _versions;

    public static V1IngressClass Class(string name, bool isOwned = true) => new()
    {
        Metadata = Metadata(null, name),
        Spec = new V1IngressClassSpec { Controller = isOwned ? "yarp.ingress.kubernetes.io/controller" : "example.com/other" },
    };

    public static V1Ingress Ingress(
        string ns, string name, string host, string service, string path = "/", string ingressClass = "yarp", string? secret = null) => new()
        {
            Metadata = Metadata(ns, name),
            Spec = new V1IngressSpec
            {
                IngressClassName = ingressClass,
                Tls = secret is null ? null : [new V1IngressTLS { Hosts = [host], SecretName = secret }],
                Rules =
                [
                    new V1IngressRule
                    {
                        Host = host,
                        Http = new V1HTTPIngressRuleValue
                        {
                            Paths =
                            [
                                new V1HTTPIngressPath
                                {
                                    Path = path,
                                    PathType = "Prefix",
                                    Backend = new V1IngressBackend
                                    {
                                        Service = new V1IngressServiceBackend { Name = service, Port = new V1ServiceBackendPort { Number = 80 } },
                                    },
                                },
                            ],
                        },
                    },
                ],
            },
        };

    public static V1Service Service(string ns, string name, int port = 80) => new()
    {
        Metadata = Metadata(ns, name),
        Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Port = port, Protocol = "TCP" }] },
    };

    public static V1EndpointSlice Slice(string ns, string name, string? service, int port = 8080) => new()
    {
        Metadata = Metadata(ns, name, service is null ? null : new() { [KubernetesVocabulary.ServiceNameLabel] = service }),
        AddressType = "IPv4",
        Ports = [new Discoveryv1EndpointPort { Port = port, Protocol = "TCP" }],
        Endpoints = [new V1Endpoint { Addresses = ["10.0.0.1"], Conditions = new V1EndpointConditions { Ready = true } }],
    };

    /// <param name="ns">The namespace.</param>
    /// <param name="name">The name.</param>
    /// <param name="certificate">0 or 1 for one of two valid certificates; other numbers for an invalid one.</param>
    /// <param name="type">The type.</param>
    public static V1Secret Secret(string ns, string name, int certificate = 0, string type = KubernetesVocabulary.TlsSecretType)
    {
        var (chain, key) = certificate is 0 or 1 ? Certificates.Value[certificate] : ("garbage"u8.ToArray(), "garbage"u8.ToArray());
        return new V1Secret { Metadata = Metadata(ns, name), Type = type, Data = new Dictionary<string, byte[]> { ["tls.crt"] = chain, ["tls.key"] = key } };
    }

    /// <summary>Each object has a new version. Its UID is derived from its name, as if it was never recreated.</summary>
    private static V1ObjectMeta Metadata(string? ns, string name, Dictionary<string, string>? labels = null) => new()
    {
        NamespaceProperty = ns,
        Name = name,
        Uid = $"{ns}/{name}",
        ResourceVersion = $"{Interlocked.Increment(ref _versions)}",
        Labels = labels,
    };

    private static (byte[] Certificate, byte[] Key) NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("one.example");
        names.AddDnsName("two.example");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12));
        return (Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()), Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
    }
}
