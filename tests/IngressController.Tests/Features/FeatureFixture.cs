using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features;

/// <summary>A controller and a backend that records requests. Each test adds Ingresses with annotations.</summary>
public sealed class FeatureFixture : ProxyFixture, IAsyncLifetime
{
    private int _hosts;

    internal WireBackend Backend { get; } = WireBackend.Answer(_ => WireBackend.Ok("ok"));

    /// <summary>Returns a new host.</summary>
    internal string NewHost() => $"f{Interlocked.Increment(ref _hosts)}.example";

    /// <summary>Serves a path of a new host with annotations, and returns the host.</summary>
    internal async Task<string> ServeAsync(string annotations, string path = "/", string pathType = "ImplementationSpecific", string? tlsSecret = null)
    {
        var host = NewHost();
        await AddAsync(Manifests.Ingress(host, host, "web", path, pathType, tlsSecret, annotations));
        return host;
    }

    /// <summary>Sends a GET that must get a local reply.</summary>
    internal async Task<WireMessage> GetReplyAsync(string host, string target = "/", string fields = "")
    {
        Backend.Requests.Clear();
        var response = await GetAsync(host, target, fields);
        Assert.Empty(Backend.Requests);
        return response;
    }

    /// <summary>Sends a GET that must reach the backend, and returns the request that it received.</summary>
    internal async Task<WireMessage> ForwardAsync(string host, string target = "/", string fields = "")
    {
        Backend.Requests.Clear();
        var response = await GetAsync(host, target, fields);
        Assert.True(response.Status == 200, $"{response.Start}: {response.Body}");
        return Assert.Single(Backend.Requests);
    }

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await AddAsync(Manifests.Service("web", [Backend.Port]));
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Backend.DisposeAsync();
    }
}
