using System.Collections.Concurrent;
using System.Net.Security;
using IngressController.Reconciliation;
using IngressController.Routing.Cluster;
using IngressController.Sources;
using IngressController.Tests.Fakes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace IngressController.Tests.Proxy;

/// <summary>Changes of endpoints, routes and certificates while requests are in flight.</summary>
[Collection("alone")]
public sealed class ChurnTests(ITestOutputHelper output)
{
    private const int Changes = 1000;

    [Fact]
    public async Task No_request_fails_during_a_thousand_changes_under_load()
    {
        var backends = Enumerable.Range(0, 4).Select(_ => WireBackend.Answer(request => WireBackend.Ok(request.Target))).ToArray();
        await using var controller = await TestController.StartAsync(
            Manifests.Service("app", backends.Select(backend => backend.Port)) + Manifests.Ingress("app", "app.example", "app", tlsSecret: "tls"));
        var certificates = Enumerable.Range(0, 8).Select(_ => SelfSigned.Pem("app.example")).ToArray();
        using var stop = new CancellationTokenSource();
        var load = new Load(controller, stop.Token);

        var cluster = new LiveCluster(controller);
        for (var i = 0; i < Changes; i++)
        {
            switch (i % 4)
            {
                case 0:
                    // One or two endpoints, different from the previous ones.
                    cluster.Set(ClusterKinds.EndpointSlices, Slice("app-0", "app", backends[i / 4 % 4].Port));
                    cluster.Set(ClusterKinds.EndpointSlices, Slice("app-1", "app", backends[i / 4 % 3].Port));
                    break;
                case 1:
                    cluster.Set(ClusterKinds.Ingresses, Ingress("app", "app.example", "/", i / 4 % 2 == 0 ? "/x" : "/y"));
                    break;
                case 2:
                    var (certificate, key) = certificates[i / 4 % certificates.Length];
                    cluster.Set(ClusterKinds.Secrets, Secret("tls", certificate, key));
                    break;
                default:
                    cluster.Set(ClusterKinds.Ingresses, Ingress($"other-{i % 7}", $"other-{i % 7}.example", $"/{i}"));
                    break;
            }

            Assert.True(await cluster.PublishAsync());
            // Each revision serves requests before the next one is published.
            await load.NextAsync();
        }

        await stop.CancelAsync();
        await load.Ended;
        output.WriteLine(string.Join(", ", load.ByKind.Select(kind => $"{kind.Key}: {kind.Value}")));
        Assert.Empty(load.Failures);
        Assert.Equal(6, load.ByKind.Count);
        Assert.All(load.ByKind, kind => Assert.True(kind.Value > 50, $"{kind.Key}: {kind.Value}"));
        foreach (var backend in backends)
            await backend.DisposeAsync();
    }

    [Fact]
    public async Task A_removed_endpoint_completes_its_request_in_flight()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var removed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var leaving = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
            arrived.SetResult();
            await removed.Task;
            await connection.SendAsync("-rest");
        });
        await using var staying = WireBackend.Answer(WireBackend.Ok("staying"));
        var ingress = Manifests.Ingress("app", "app.example", "app");
        await using var controller = await TestController.StartAsync(Manifests.Service("app", [leaving.Port]) + ingress);
        await using var connection = await WireConnection.ConnectAsync(controller.HttpPort);
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: app.example\r\n\r\n");
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(10));

        await controller.ApplyAsync(Manifests.Service("app", [staying.Port]) + ingress);
        Assert.Equal("staying", (await WireConnection.ExchangeAsync(controller.HttpPort, "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n")).Body);
        await controller.ApplyAsync("");
        Assert.Equal(404, (await WireConnection.ExchangeAsync(controller.HttpPort, "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n")).Status);
        removed.SetResult();
        Assert.Equal("first-rest", (await connection.ReadResponseAsync()).Body);
    }

    private static V1EndpointSlice Slice(string name, string service, int port) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default", Labels = new Dictionary<string, string> { [KubernetesVocabulary.ServiceNameLabel] = service } },
        AddressType = "IPv4",
        Ports = [new() { Port = port }],
        Endpoints = [new() { Addresses = ["127.0.0.1"], Conditions = new() { Ready = true } }],
    };

    private static V1Ingress Ingress(string name, string host, params string[] paths) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = "default",
            Annotations = new Dictionary<string, string> { ["yarp.ingress.kubernetes.io/ssl-redirect"] = "false" },
        },
        Spec = new V1IngressSpec
        {
            IngressClassName = "yarp",
            Tls = host == "app.example" ? [new() { Hosts = [host], SecretName = "tls" }] : null,
            Rules =
            [
                new()
                {
                    Host = host,
                    Http = new()
                    {
                        Paths = [.. paths.Select(path => new V1HTTPIngressPath
                        {
                            Path = path,
                            PathType = "Prefix",
                            Backend = new() { Service = new() { Name = "app", Port = new() { Number = 80 } } },
                        })],
                    },
                },
            ],
        },
    };

    private static V1Secret Secret(string name, string certificate, string key) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
        Type = KubernetesVocabulary.TlsSecretType,
        StringData = new Dictionary<string, string> { ["tls.crt"] = certificate, ["tls.key"] = key },
    };

    /// <summary>Publishes each change as a separate revision, without the pause of the reconcile loop.</summary>
    private sealed class LiveCluster(TestController controller)
    {
        private readonly ReconcileLoop _loop = controller.Services.GetRequiredService<ReconcileLoop>();
        private ClusterSnapshot _snapshot = controller.Services.GetRequiredService<ClusterStore>().Snapshot;
        private ClusterChanges _changes = new();

        public void Set<T>(ClusterKind<T> kind, T resource)
            where T : class, IKubernetesObject<V1ObjectMeta> => _snapshot = kind.Prepare(resource)(_snapshot, _changes);

        public Task<bool> PublishAsync()
        {
            var changes = _changes;
            _changes = new ClusterChanges();
            return _loop.TryApplyAsync(_snapshot, changes, CancellationToken.None);
        }
    }

    /// <summary>Sends requests of every kind until stopped: several tasks, each with one request at a time.</summary>
    private sealed class Load
    {
        private readonly TestController _controller;
        private readonly SemaphoreSlim _served = new(0);

        public Load(TestController controller, CancellationToken stop)
        {
            _controller = controller;
            Ended = Task.WhenAll(
                RunAsync("http kept", tls: null, keep: true, stop), RunAsync("http kept 2", tls: null, keep: true, stop),
                RunAsync("http new", tls: null, keep: false, stop),
                RunAsync("https kept", Tls(), keep: true, stop), RunAsync("https new", Tls(), keep: false, stop),
                RunHttp2Async(stop));
        }

        public Task Ended { get; }

        public ConcurrentBag<string> Failures { get; } = [];

        public ConcurrentDictionary<string, int> ByKind { get; } = new();

        /// <summary>Completes when four more requests have been served.</summary>
        public async Task NextAsync()
        {
            for (var i = 0; i < 4; i++)
                Assert.True(await _served.WaitAsync(TimeSpan.FromSeconds(10)));
        }

        private static SslClientAuthenticationOptions Tls() => new() { TargetHost = "app.example", RemoteCertificateValidationCallback = (_, _, _, _) => true };

        private async Task RunAsync(string kind, SslClientAuthenticationOptions? tls, bool keep, CancellationToken stop)
        {
            WireConnection? connection = null;
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                try
                {
                    connection ??= await WireConnection.ConnectAsync(tls is null ? _controller.HttpPort : _controller.HttpsPort, tls);
                    var target = $"/{(i % 2 == 0 ? "x" : "y")}/{i}";
                    await connection.SendAsync($"POST {target} HTTP/1.1\r\nHost: app.example\r\nContent-Length: 4\r\n\r\nbody");
                    var response = await connection.ReadResponseAsync();
                    Served(kind, response.Status == 200 && response.Body == target ? null : $"{response.Start} {response.Body}");
                }
                catch (Exception error)
                {
                    Served(kind, error.ToString());
                    keep = false;
                }

                if (keep)
                    continue;
                await connection!.DisposeAsync();
                connection = null;
            }

            if (connection is not null)
                await connection.DisposeAsync();
        }

        private async Task RunHttp2Async(CancellationToken stop)
        {
            using var client = _controller.NewClient();
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                try
                {
                    using var request = ProtocolTests.Request(HttpMethod.Get, $"https://app.example/{i}", "2.0");
                    using var response = await client.SendAsync(request, CancellationToken.None);
                    Served("http/2", await response.Content.ReadAsStringAsync(CancellationToken.None) == $"/{i}" ? null : response.ToString());
                }
                catch (HttpRequestException error)
                {
                    Served("http/2", error.ToString());
                }
            }
        }

        private void Served(string kind, string? failure)
        {
            ByKind.AddOrUpdate(kind, 1, (_, count) => count + 1);
            if (failure is not null)
                Failures.Add($"{kind}: {failure}");
            _served.Release();
        }
    }
}
