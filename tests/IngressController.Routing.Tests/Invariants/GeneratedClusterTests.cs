using System.Text.Json.Nodes;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;
using IngressController.Routing.Tests.Golden;
using IngressController.Routing.Translation;

namespace IngressController.Routing.Tests.Invariants;

/// <summary>
/// Clusters of about fifty Ingresses that collide in hosts, paths, Secrets and Services, edited at random; a seed makes them repeatable.
/// </summary>
public sealed class GeneratedClusterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Incremental_translation_equals_full_translation(int seed)
    {
        var cluster = new ClusterGenerator(seed);
        var settings = new TranslationSettings
        {
            WatchIngressWithoutClass = seed % 2 == 0,
            DefaultBackendService = seed % 3 == 0 ? null : new ResourceName("team-a", "web"),
            DefaultSslCertificate = seed % 3 == 1 ? null : new ResourceName("team-a", "tls-1"),
        };
        var translation = Routing.Translation.Translation.Empty(settings);
        cluster.Populate();
        for (var edit = 0; edit < 200; edit++)
        {
            var before = translation;
            translation = RoutingTableTranslator.Translate(before, cluster.Cluster.Snapshot, cluster.Cluster.TakeChanges());
            TranslationAssert.Incremental(before, translation);
            cluster.Edit();
        }
    }

    [Fact]
    public void Generated_clusters_collide()
    {
        var cluster = new ClusterGenerator(1);
        cluster.Populate();
        var translation = RoutingTableTranslator.Translate(cluster.Cluster.Snapshot, new TranslationSettings());

        var codes = translation.CollectDiagnostics().Select(diagnostic => diagnostic.Code).ToHashSet();
        Assert.InRange(translation.ClaimedIngresses, 25, 60);
        Assert.Superset(
            new HashSet<DiagnosticCode>
            {
                DiagnosticCode.RouteConflict, DiagnosticCode.TlsConflict,
                DiagnosticCode.DefaultBackendConflict, DiagnosticCode.ServicePortNotFound,
                DiagnosticCode.TlsSecretInvalid, DiagnosticCode.HostInvalid,
                DiagnosticCode.CanaryWithoutMain,
            },
            codes);
    }

    [Fact]
    public void Generated_clusters_have_several_canaries_of_a_route()
    {
        var routes = Enumerable.Range(1, 5).SelectMany(seed =>
        {
            var cluster = new ClusterGenerator(seed);
            cluster.Populate();
            return RoutingTableTranslator.Translate(cluster.Cluster.Snapshot, new TranslationSettings()).Table.Hosts.Values.SelectMany(host => host.Routes);
        });
        Assert.Contains(routes, route => route.Action is RouteAction.Forward { Canaries.Count: > 1 });
        Assert.Contains(routes, route => route.Action is RouteAction.Forward { Canaries.Count: > 0, Weights.Count: > 0 });
    }

    private sealed class ClusterGenerator(int seed)
    {
        private static readonly string[] Namespaces = ["team-a", "team-b", "team-c"];
        private static readonly string[] Certificates = ["app-ecdsa", "app-renewed-ecdsa", "wildcard-ecdsa"];

        private readonly Random _random = new(seed);

        public TestCluster Cluster { get; } = new();

        public void Populate()
        {
            Cluster.Apply(IngressClass("yarp", isDefault: false));
            Cluster.Apply(IngressClass("edge", isDefault: true));
            for (var i = 0; i < 120; i++)
                Cluster.Apply(Ingress());
            for (var i = 0; i < 12; i++)
            {
                Cluster.Apply(Service());
                Cluster.Apply(EndpointSlice());
                Cluster.Apply(Secret());
            }
        }

        /// <summary>One to three changes.</summary>
        public void Edit()
        {
            for (var count = _random.Next(1, 4); count > 0; count--)
            {
                var document = _random.Next(12) switch
                {
                    < 6 => Ingress(),
                    < 8 => Service(),
                    < 9 => EndpointSlice(),
                    < 11 => Secret(),
                    _ => IngressClass(Pick("yarp", "edge"), isDefault: _random.Next(2) == 0),
                };
                if (_random.Next(4) == 0)
                    Cluster.Delete(document);
                else
                    Cluster.Apply(document);
            }
        }

        private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];

        private JsonObject Metadata(string name) => new() { ["namespace"] = Pick(Namespaces), ["name"] = name };

        private JsonObject Ingress()
        {
            var metadata = Metadata($"ingress-{_random.Next(20)}");
            if (_random.Next(5) > 0)
                metadata["creationTimestamp"] = $"2024-01-0{_random.Next(1, 6)}T00:00:00Z";
            if (Annotations() is { Count: > 0 } annotations)
                metadata["annotations"] = annotations;
            var spec = new JsonObject
            {
                ["ingressClassName"] = Pick("yarp", "yarp", "yarp", "edge", "other", null),
                ["rules"] = new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => Rule())]),
                ["tls"] = new JsonArray([.. Enumerable.Range(0, _random.Next(3)).Select(_ => Tls())]),
            };
            if (_random.Next(3) == 0)
                spec["defaultBackend"] = Backend();
            return new() { ["kind"] = "Ingress", ["metadata"] = metadata, ["spec"] = spec };
        }

        private JsonObject Annotations()
        {
            const string Prefix = "yarp.ingress.kubernetes.io/";
            var annotations = new JsonObject();
            if (_random.Next(3) == 0)
            {
                annotations[$"{Prefix}canary"] = Pick("true", "true", "true", "false");
                annotations[$"{Prefix}canary-weight"] = Pick("0", "60", "100", "ten");
            }

            if (_random.Next(5) == 0)
                annotations[$"{Prefix}backend-weights"] = Pick("web=80,api=20", "api=1,external=0", "web=0");
            if (_random.Next(5) == 0)
                annotations[$"{Prefix}backend-protocol"] = Pick("HTTPS", "GRPC", "FCGI");
            if (_random.Next(10) == 0)
                annotations[$"{Prefix}use-regex"] = "true";
            return annotations;
        }

        private JsonObject Rule() => new()
        {
            ["host"] = Host(),
            ["http"] = new JsonObject
            {
                ["paths"] = new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => new JsonObject
                {
                    ["path"] = Pick("/", "/a", "/a/", "/a/b", "/A", "/b", "nonsense", "/x/../y"),
                    ["pathType"] = Pick("Prefix", "Prefix", "Exact", "ImplementationSpecific", "Regex"),
                    ["backend"] = Backend(),
                })]),
            },
        };

        private string? Host() => Pick("app.example.com", "App.example.com.", "api.example.com", "*.example.com", "bad*host", null);

        private JsonObject Backend() => _random.Next(10) == 0
            ? new JsonObject { ["resource"] = new JsonObject { ["kind"] = "Bucket", ["name"] = "icons" } }
            : new JsonObject
            {
                ["service"] = new JsonObject
                {
                    ["name"] = Pick("web", "api", "external"),
                    ["port"] = _random.Next(2) == 0 ? new JsonObject { ["number"] = Pick(80, 81) } : new JsonObject { ["name"] = "http" },
                },
            };

        private JsonObject Tls()
        {
            var entry = new JsonObject();
            if (_random.Next(4) > 0)
                entry["secretName"] = $"tls-{_random.Next(3)}";
            if (_random.Next(3) > 0)
                entry["hosts"] = new JsonArray([.. Enumerable.Range(0, _random.Next(1, 3)).Select(_ => (JsonNode?)Host())]);
            return entry;
        }

        private JsonObject Service() => new()
        {
            ["kind"] = "Service",
            ["metadata"] = Metadata(Pick("web", "api", "external")),
            ["spec"] = _random.Next(4) == 0
                ? new JsonObject { ["type"] = "ExternalName", ["externalName"] = Pick("example.net", "localhost", "192.0.2.1") }
                : new JsonObject
                {
                    ["publishNotReadyAddresses"] = _random.Next(4) == 0,
                    ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = Pick(80, 81), ["appProtocol"] = Pick("http", "https", "odd", null) }),
                },
        };

        private JsonObject EndpointSlice()
        {
            var metadata = Metadata($"slice-{_random.Next(6)}");
            metadata["labels"] = new JsonObject { [Pick("kubernetes.io/service-name", "kubernetes.io/service-name", "other")] = Pick("web", "api") };
            return new()
            {
                ["kind"] = "EndpointSlice",
                ["metadata"] = metadata,
                ["addressType"] = "IPv4",
                ["ports"] = new JsonArray(new JsonObject { ["name"] = "http", ["port"] = 8080 }),
                ["endpoints"] = new JsonArray([.. Enumerable.Range(0, _random.Next(3)).Select(_ => new JsonObject
                {
                    ["addresses"] = new JsonArray($"10.0.0.{_random.Next(5)}"),
                    ["conditions"] = new JsonObject { ["ready"] = _random.Next(2) == 0 },
                })]),
            };
        }

        private JsonObject Secret()
        {
            var certificate = Pick(Certificates);
            string Read(string extension) => _random.Next(6) == 0
                ? "garbage"
                : File.ReadAllText(Path.Combine(RepositoryFolder.Certificates, certificate + extension));
            return new()
            {
                ["kind"] = "Secret",
                ["metadata"] = Metadata($"tls-{_random.Next(3)}"),
                ["type"] = "kubernetes.io/tls",
                ["stringData"] = new JsonObject { ["tls.crt"] = Read(".crt"), ["tls.key"] = Read(".key") },
            };
        }

        private static JsonObject IngressClass(string name, bool isDefault) => new()
        {
            ["kind"] = "IngressClass",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["annotations"] = new JsonObject { ["ingressclass.kubernetes.io/is-default-class"] = isDefault ? "true" : "false" },
            },
            ["spec"] = new JsonObject { ["controller"] = new TranslationSettings().ControllerClass },
        };
    }
}
