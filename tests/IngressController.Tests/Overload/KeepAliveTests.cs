using System.Diagnostics;
using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Overload;

public sealed class KeepAliveFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options)
    {
        var configured = base.Configure(options);
        return configured with { Overload = configured.Overload with { KeepAliveTimeout = TimeSpan.FromSeconds(2) } };
    }
}

/// <summary>Connections without requests end, whatever the protocol.</summary>
public sealed class KeepAliveTests(KeepAliveFixture proxy) : IClassFixture<KeepAliveFixture>
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Idle_HTTP_1_connection_ends(bool isTls, bool hasRequest)
    {
        await using var connection = await WireConnection.ConnectAsync(
            isTls ? proxy.Controller.HttpsPort : proxy.Controller.HttpPort,
            isTls ? new() { TargetHost = "x.example", RemoteCertificateValidationCallback = (_, _, _, _) => true } : null);
        if (hasRequest)
        {
            await connection.SendAsync("GET / HTTP/1.1\r\nHost: unknown.example\r\n\r\n");
            Assert.Equal(404, (await connection.ReadResponseAsync()).Status);
        }

        await AssertEndsAsync(async () => Assert.Equal("", await connection.ReadToEndAsync()));
        Assert.Equal(0, proxy.Controller.Log.CountOf("buffers of idle TLS connections cannot be released"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Idle_HTTP_2_connection_ends(int requests)
    {
        await using var connection = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        for (var i = 0; i < requests; i++)
        {
            await connection.GetAsync(2 * i + 1, "unknown.example");
            await connection.ReadToEndOfAsync(2 * i + 1);
        }

        await AssertEndsAsync(async () =>
        {
            while (await connection.ReadAsync() is { } frame)
                Assert.Contains(frame.Type, new[] { Http2FrameType.GoAway, Http2FrameType.Settings, Http2FrameType.WindowUpdate });
        });
    }

    /// <summary>A client that answers pings, or sends its own, is as idle as another.</summary>
    [Fact]
    public async Task HTTP_2_connection_with_pings_alone_ends()
    {
        await using var connection = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        var pings = PingAsync(connection);

        await AssertEndsAsync(() => ReadToEndAsync(connection).WaitAsync(TimeSpan.FromSeconds(20)));

        await pings;
    }

    private static async Task ReadToEndAsync(Http2WireConnection connection)
    {
        try
        {
            while (await connection.ReadAsync() is not null)
            {
            }
        }
        catch (IOException)
        {
            // A ping that arrives after the end resets the connection.
        }
    }

    private static async Task PingAsync(Http2WireConnection connection)
    {
        try
        {
            while (true)
            {
                await connection.SendAsync(Http2FrameType.Ping, 0, 0, new byte[8]);
                await Task.Delay(200);
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
        }
    }

    private static async Task AssertEndsAsync(Func<Task> end)
    {
        var start = Stopwatch.GetTimestamp();
        await end();
        // Kestrel looks once a second.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.5, 10);
    }
}
