using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

public sealed class TraceFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options)
    {
        var configured = base.Configure(options);
        return configured with { Listener = configured.Listener with { AllowTrace = true } };
    }
}

/// <summary>TRACE, which makes a backend repeat a request with its credentials.</summary>
public sealed class TraceTests(RecordingFixture proxy, TraceFixture allowing) : IClassFixture<RecordingFixture>, IClassFixture<TraceFixture>
{
    [Theory]
    [InlineData("TRACE", "/")]
    [InlineData("trace", "/")]
    [InlineData("TRACE", "/%2e")]
    [InlineData("TRACE", "http://unknown.example/")]
    public async Task Is_answered_405(string method, string target)
    {
        proxy.Backend.Requests.Clear();
        await using var connection = await proxy.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await connection.SendAsync($"{method} {target} HTTP/1.1\r\nHost: {proxy.Host}\r\n\r\n");
            var response = await connection.ReadResponseAsync();
            Assert.Equal((405, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"), (response.Status, response.One("Allow")));
        }

        Assert.Empty(proxy.Backend.Requests);
    }

    [Fact]
    public async Task Is_answered_405_over_HTTP_2()
    {
        proxy.Backend.Requests.Clear();
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        await client.RequestAsync(1, "TRACE", proxy.Host, "https", []);
        Assert.Equal("405", await Http2FieldTests.StatusOfAsync(client, 1));
        Assert.Empty(proxy.Backend.Requests);
    }

    [Fact]
    public async Task Is_forwarded_with_the_option_and_sent_again_when_a_kept_connection_closes()
    {
        var received = 0;
        await using var backend = WireBackend.Start(async connection =>
        {
            // The second request of a connection gets no response.
            for (var i = 0; i < 2 && await connection.ReadRequestAsync() is { Method: "TRACE" }; i++)
            {
                Interlocked.Increment(ref received);
                if (i == 0)
                    await connection.SendAsync(WireBackend.Ok("trace"));
            }
        });
        var host = await allowing.ServeAsync(backend);

        for (var i = 0; i < 2; i++)
            Assert.Equal("trace", (await allowing.ExchangeAsync($"TRACE / HTTP/1.1\r\nHost: {host}\r\n\r\n")).Body);
        Assert.Equal(3, received);
    }
}
