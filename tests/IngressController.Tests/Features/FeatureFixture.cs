using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features;

/// <summary>A controller and a backend that keeps what it received; each test adds Ingresses with the annotations it is about.</summary>
public sealed class FeatureFixture : ProxyFixture, IAsyncLifetime
{
    private int _hosts;

    internal WireBackend Backend { get; } = WireBackend.Answer(_ => WireBackend.Ok("ok"));

    /// <summary>A host that no other test uses.</summary>
    internal string NewHost() => $"f{Interlocked.Increment(ref _hosts)}.example";

    /// <summary>Serves a path of a new host with annotations; returns the host.</summary>
    internal async Task<string> ServeAsync(string annotations, string path = "/", string pathType = "ImplementationSpecific", string? tlsSecret = null)
    {
        var host = NewHost();
        await AddAsync(Manifests.Ingress(host, host, "web", path, pathType, tlsSecret, annotations));
        return host;
    }

    /// <summary>Sends a GET that the proxy must answer itself: nothing reaches the backend.</summary>
    internal async Task<WireMessage> GetReplyAsync(string host, string target = "/", string fields = "")
    {
        Backend.Requests.Clear();
        var response = await GetAsync(host, target, fields);
        Assert.Empty(Backend.Requests);
        return response;
    }

    /// <summary>Sends a GET that must reach the backend; returns what arrived there.</summary>
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
