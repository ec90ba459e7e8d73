using System.Collections.Concurrent;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>
/// A proxy that serves any host: app.example, *.wild.example, and rules without a host. The path / leads to an HTTP/1.1 backend, /h2c to one
/// that speaks HTTP/2. Both record the hosts that they receive.
/// </summary>
public sealed class HostFixture : ProxyFixture, IAsyncLifetime
{
    private WireBackend? _http2;

    internal WireBackend Http1 { get; } = WireBackend.Answer(_ => WireBackend.Ok("ok"));

    /// <summary>The fields of the requests to the HTTP/2 backend.</summary>
    internal ConcurrentQueue<IReadOnlyList<(string Name, string Value)>> Http2Requests { get; } = new();

    /// <summary>The hosts that have reached the backend of a path since the last call, one list per request.</summary>
    internal string[][] TakeHosts(string path)
    {
        if (path != "/h2c")
        {
            var received = Http1.Requests.Select(request => request.All("Host")).ToArray();
            Http1.Requests.Clear();
            return received;
        }

        var requests = Http2Requests.Select(fields => fields.Where(field => field.Name is ":authority" or "host").Select(field => field.Value).ToArray()).ToArray();
        Http2Requests.Clear();
        return requests;
    }

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        _http2 = Http2WireBackend.Start(async server =>
        {
            var hpack = new HpackReader();
            while (await server.ReadRequestAsync() is { } request)
            {
                Http2Requests.Enqueue(hpack.Read(server.HeadOf(request.Stream).Payload));
                await server.AnswerAsync(request.Stream, "ok");
            }
        });
        var manifests = Manifests.Service("http1", [Http1.Port]) + Manifests.Service("http2", [_http2.Port], "kubernetes.io/h2c");
        foreach (var (name, host) in (ReadOnlySpan<(string, string)>)[("app", "app.example"), ("wild", "*.wild.example"), ("any", "")])
            manifests += Manifests.Ingress(name, host, "http1") + Manifests.Ingress($"{name}-h2c", host, "http2", "/h2c");
        await AddAsync(manifests);
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Http1.DisposeAsync();
        await _http2!.DisposeAsync();
    }
}
