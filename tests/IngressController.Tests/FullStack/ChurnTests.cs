using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using IngressController.Kubernetes.Resources;
using IngressController.Tests.Fakes;
using k8s.Models;
using Xunit.Abstractions;

namespace IngressController.Tests.FullStack;

/// <summary>
/// Changes pass from the API server to the live revision (watches, store, reconcile loop) while requests are in flight. Requests fail if
/// any part ever shows a state that the cluster was not in.
/// </summary>
[Collection("alone")]
public sealed class ChurnTests(ITestOutputHelper output)
{
    private const int Changes = 320;

    /// <summary>The time between two changes; shorter than the interval of the loop, so that a pass has several changes.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    [Fact]
    public async Task Changes_of_the_cluster_fail_no_request()
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            server.Upsert(ResourceTypes.Secrets, ClusterObjects.Secret("default", "tls"));
            server.Upsert(Manifests.Ingress("app", "app.example", "a", tlsSecret: "tls"));
        });
        var before = stack.Revision;
        using var stop = new CancellationTokenSource();
        var load = new Load(stack.HttpPort, stop.Token);

        for (var i = 0; i < Changes; i++)
        {
            Change(stack, i % 5, i / 5);
            // Spreads the changes over several passes.
            await Task.Delay(Pause);
        }

        // The watches still work after all changes.
        stack.Server.Upsert(Manifests.Ingress("last", "last.example", "b"));
        await stack.UntilAnswerAsync("last.example", "b");
        await stop.CancelAsync();
        await load.Ended;

        output.WriteLine($"{stack.Revision - before} revisions; {string.Join(", ", load.ByKind.Select(kind => $"{kind.Key}: {kind.Value}"))}");
        Assert.Empty(load.Failures);
        Assert.Equal(4, load.ByKind.Count);
        Assert.All(load.ByKind, kind => Assert.True(kind.Value > 50, $"{kind.Key}: {kind.Value}"));
        Assert.True(stack.Revision - before > 10, $"{stack.Revision - before} revisions");
        // Otherwise no change of the backend was live under load.
        Assert.Equal(["a", "b"], load.Services.Keys.Order(StringComparer.Ordinal));
    }

    private static void Change(TestStack stack, int kind, int round)
    {
        var (one, other) = round % 2 == 0 ? ("a", "b") : ("b", "a");
        switch (kind)
        {
            case 0:
                // The new slice is created before the old one is deleted, as in a rollout.
                stack.Server.Upsert(Slice($"a-roll-{round}", "a", stack.Port(one)));
                if (round == 0)
                    stack.Server.Delete("EndpointSlice", null, "a-0");
                else
                    stack.Server.Delete("EndpointSlice", null, $"a-roll-{round - 1}");
                break;
            case 1:
                stack.Server.Upsert(Manifests.Ingress("app", "app.example", other, path: "/", tlsSecret: "tls"));
                break;
            case 2:
                stack.Server.Upsert(ResourceTypes.Secrets, ClusterObjects.Secret("default", "tls", certificate: round % 2));
                break;
            case 3:
                stack.Server.Upsert(Manifests.Ingress("more", "app.example", one, path: $"/{round % 3}", annotations: "ssl-redirect: \"false\""));
                break;
            default:
                if (round % 2 == 0)
                    stack.Server.Upsert(Manifests.Ingress("coming", "coming.example", one));
                else
                    stack.Server.Delete("Ingress", null, "coming");
                break;
        }
    }

    /// <summary>A slice with one address.</summary>
    private static string Slice(string name, string service, int port) => $$"""
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: {{name}}, labels: {kubernetes.io/service-name: {{service}} } }
        addressType: IPv4
        ports: [{port: {{port}}}]
        endpoints: [{addresses: [127.0.0.1], conditions: {ready: true} }]
        """;

    /// <summary>Sends requests, one after another on each of several connections, until stopped.</summary>
    private sealed class Load
    {
        private readonly int _port;

        public Load(int port, CancellationToken stop)
        {
            _port = port;
            Ended = Task.WhenAll(
                RunAsync("kept", keep: true, stop), RunAsync("kept 2", keep: true, stop),
                RunAsync("new", keep: false, stop), RunAsync("new 2", keep: false, stop));
        }

        public Task Ended { get; }

        public ConcurrentQueue<string> Failures { get; } = [];

        public ConcurrentDictionary<string, int> ByKind { get; } = new();

        public ConcurrentDictionary<string, bool> Services { get; } = new();

        private async Task RunAsync(string kind, bool keep, CancellationToken stop)
        {
            WireConnection? connection = null;
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var isServed = false;
                try
                {
                    connection ??= await WireConnection.ConnectAsync(_port);
                    await connection.SendAsync($"POST /{i % 4} HTTP/1.1\r\nHost: app.example\r\nContent-Length: 4\r\n\r\nbody");
                    var response = await connection.ReadResponseAsync();
                    isServed = response.Status == 200;
                    Record(kind, isServed ? null : $"{response.Start} {response.Body}", response.Body);
                }
                catch (Exception error)
                {
                    Record(kind, error.ToString(), body: "");
                }

                if (isServed && keep)
                    continue;
                if (connection is not null)
                    await connection.DisposeAsync();
                connection = null;
            }

            if (connection is not null)
                await connection.DisposeAsync();
        }

        private void Record(string kind, string? failure, string body)
        {
            ByKind.AddOrUpdate(kind, 1, (_, count) => count + 1);
            if (failure is not null)
                Failures.Enqueue($"{kind}: {failure}");
            else
                Services.TryAdd(JsonNode.Parse(body)!["service"]!.GetValue<string>(), true);
        }
    }
}
