using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>A proxy with a backend that records requests and responds with 200.</summary>
public sealed class RecordingFixture : ProxyFixture, IAsyncLifetime
{
    internal WireBackend Backend { get; } = WireBackend.Answer(_ => WireBackend.Ok("ok"));

    internal string Host { get; private set; } = "";

    /// <summary>Sends a request through the proxy and returns the request that the backend received.</summary>
    internal async Task<WireMessage> SendAsync(string request)
    {
        Backend.Requests.Clear();
        var response = await ExchangeAsync(request);
        Assert.True(response.Status == 200, $"{response.Start}: {response.Body}");
        return Assert.Single(Backend.Requests);
    }

    internal Task<WireMessage> SendAsync(string fields, string body) => SendAsync($"POST / HTTP/1.1\r\nHost: {Host}\r\n{fields}\r\n{body}");

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        Host = await ServeAsync(Backend);
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Backend.DisposeAsync();
    }
}
