using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IngressController.Configuration;
using IngressController.Hosting;
using IngressController.Routing.Cluster;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace IngressController.Benchmarks;

/// <summary>A cluster of many small applications: each has one Ingress with one host, one Service and one EndpointSlice.</summary>
internal static class LargeCluster
{
    public static ClusterSnapshot Create(int ingresses, int pathsPerHost)
    {
        var snapshot = ClusterSnapshot.Empty with
        {
            IngressClasses = ClusterSnapshot.Empty.IngressClasses.Add("yarp", new V1IngressClass
            {
                Metadata = new V1ObjectMeta { Name = "yarp" },
                Spec = new V1IngressClassSpec { Controller = "yarp.ingress.kubernetes.io/controller" },
            }),
        };
        var byName = snapshot.Ingresses.ToBuilder();
        var services = snapshot.Services.ToBuilder();
        var endpoints = snapshot.Endpoints;
        for (var i = 0; i < ingresses; i++)
        {
            byName.Add(new ResourceName($"team-{i % 100}", $"app-{i}"), Ingress(i, pathsPerHost));
            services.Add(new ResourceName($"team-{i % 100}", $"app-{i}"), Service(i));
            endpoints = endpoints.Set(Slice(i, generation: 0));
        }

        return snapshot with { Ingresses = byName.ToImmutable(), Services = services.ToImmutable(), Endpoints = endpoints };
    }

    /// <param name="i">The number of the Ingress.</param>
    /// <param name="paths">The number of its paths.</param>
    /// <param name="suffix">The suffix of each path.</param>
    /// <param name="tls">True if it has its own Secret.</param>
    /// <param name="status">True if it has the status that the leader wrote.</param>
    public static V1Ingress Ingress(int i, int paths, string suffix = "", bool tls = false, bool status = false) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = $"app-{i}",
            NamespaceProperty = $"team-{i % 100}",
            ManagedFields = status ? [new V1ManagedFieldsEntry { Manager = "yarp-ingress-controller" }] : null,
        },
        Status = status ? new V1IngressStatus { LoadBalancer = new V1IngressLoadBalancerStatus { Ingress = [new() { Ip = "203.0.113.9" }] } } : null,
        Spec = new V1IngressSpec
        {
            IngressClassName = "yarp",
            Tls = tls ? [new V1IngressTLS { Hosts = [Host(i)], SecretName = $"app-{i}" }] : null,
            Rules =
            [
                new V1IngressRule
                {
                    Host = Host(i),
                    Http = new V1HTTPIngressRuleValue
                    {
                        Paths =
                        [
                            .. Enumerable.Range(0, paths).Select(path => new V1HTTPIngressPath
                            {
                                Path = Path(path) + suffix,
                                PathType = "Prefix",
                                Backend = new V1IngressBackend
                                {
                                    Service = new V1IngressServiceBackend { Name = $"app-{i}", Port = new V1ServiceBackendPort { Number = 80 } },
                                },
                            }),
                        ],
                    },
                },
            ],
        },
    };

    public static V1Service Service(int i) => new()
    {
        Metadata = Meta(i),
        Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Port = 80, TargetPort = (IntOrString)"8080" }] },
    };

    public static V1EndpointSlice Slice(int i, int generation) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = $"app-{i}-x7k2p",
            NamespaceProperty = $"team-{i % 100}",
            Labels = new Dictionary<string, string> { [KubernetesVocabulary.ServiceNameLabel] = $"app-{i}" },
        },
        AddressType = "IPv4",
        Ports = [new Discoveryv1EndpointPort { Port = 8080 }],
        Endpoints =
        [
            new V1Endpoint { Addresses = [$"10.{i / 250 % 250}.{i % 250}.{1 + (generation % 250)}"] },
            new V1Endpoint { Addresses = [$"10.{i / 250 % 250}.{i % 250}.251"] },
        ],
    };

    /// <summary>Creates the Secret of an Ingress with its own certificate and key.</summary>
    public static V1Secret Secret(int i)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Host(i)}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Host(i));
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12));
        return new V1Secret
        {
            Metadata = new V1ObjectMeta { Name = $"app-{i}", NamespaceProperty = $"team-{i % 100}", Uid = $"{i}", ResourceVersion = "1" },
            Type = KubernetesVocabulary.TlsSecretType,
            Data = new Dictionary<string, byte[]>()
            {
                ["tls.crt"] = Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()),
                ["tls.key"] = Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()),
            },
        };
    }

    public static string Host(int i) => $"app-{i}.team-{i % 100}.example.com";

    public static string Path(int path) => path == 0 ? "/" : $"/api/v{path}/resources";

    /// <summary>Creates a controller without starting it.</summary>
    public static ControllerHost Controller() => ControllerHost.Create(new IngressOptions(), logging => logging.ClearProviders());

    private static V1ObjectMeta Meta(int i) => new() { Name = $"app-{i}", NamespaceProperty = $"team-{i % 100}" };
}
