using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using IngressController.Kubernetes.Resources;
using IngressController.Tests.Fakes;
using k8s.Models;
using Xunit.Abstractions;

namespace IngressController.Tests.FullStack;

/// <summary>
/// Changes go through the whole chain while requests are under way: API server, watches, store, debouncing, live table. Traffic fails
/// if any of it ever shows a state that the cluster was not in.
/// </summary>
[Collection("alone")]
public sealed class ChurnTests(ITestOutputHelper output)
{
    private const int Changes = 320;

    /// <summary>Between two changes; shorter than the loop's interval, so that passes hold several of them.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(15);

    [Fact]
    public async Task Changes_through_the_API_fail_no_request()
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
            // Not for something to happen: it spreads the changes over several passes.
            await Task.Delay(Pause);
        }

        // The watch is still followed after all of this.
        stack.Server.Upsert(Manifests.Ingress("last", "last.example", "b"));
        await stack.UntilAnswerAsync("last.example", "b");
        await stop.CancelAsync();
        await load.Ended;

        output.WriteLine($"{stack.Revision - before} revisions; {string.Join(", ", load.ByKind.Select(kind => $"{kind.Key}: {kind.Value}"))}");
        Assert.Empty(load.Failures);
        Assert.Equal(4, load.ByKind.Count);
        Assert.All(load.ByKind, kind => Assert.True(kind.Value > 50, $"{kind.Key}: {kind.Value}"));
        Assert.True(stack.Revision - before > 10, $"{stack.Revision - before} revisions");
        // Otherwise nothing that leads to another backend was live under the load.
        Assert.Equal(["a", "b"], load.Services.Keys.Order(StringComparer.Ordinal));
    }

    private static void Change(TestStack stack, int kind, int round)
    {
        var (one, other) = round % 2 == 0 ? ("a", "b") : ("b", "a");
        switch (kind)
        {
            case 0:
                // The new slice before the old one goes, as Kubernetes rolls Pods over.
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

    /// <summary>A slice of one address.</summary>
    private static string Slice(string name, string service, int port) => $$"""
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: {{name}}, labels: {kubernetes.io/service-name: {{service}} } }
        addressType: IPv4
        ports: [{port: {{port}}}]
        endpoints: [{addresses: [127.0.0.1], conditions: {ready: true} }]
        """;

    /// <summary>Requests, one after another on each of several connections, until stopped.</summary>
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
                    Note(kind, isServed ? null : $"{response.Start} {response.Body}", response.Body);
                }
                catch (Exception error)
                {
                    Note(kind, error.ToString(), body: "");
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

        private void Note(string kind, string? failure, string body)
        {
            ByKind.AddOrUpdate(kind, 1, (_, count) => count + 1);
            if (failure is not null)
                Failures.Enqueue($"{kind}: {failure}");
            else
                Services.TryAdd(JsonNode.Parse(body)!["service"]!.GetValue<string>(), true);
        }
    }
}
