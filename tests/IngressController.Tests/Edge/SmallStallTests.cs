using System.Diagnostics;
using System.Net.Sockets;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge;

/// <summary>
/// A response that Kestrel takes whole has ended for the backend, but not for a client that gives it no window. It ends as a larger one does,
/// and counts as a request in flight until then.
/// </summary>
public sealed class SmallStallTests(StallFixture fixture) : IClassFixture<StallFixture>
{
    private const int Cancel = 8;

    /// <summary>The default of the windows of a stream and of a connection.</summary>
    private const int DefaultWindow = 65_535;

    [Theory]
    [InlineData(StallFixture.Host, "/1", 0)]
    [InlineData(StallFixture.Host, "/100", 0)]
    [InlineData(StallFixture.Host, "/100?chunked", 0)]
    [InlineData(StallFixture.Host, "/4000", 0)]
    [InlineData(StallFixture.Host, "/4096", 0)]
    [InlineData(StallFixture.Host, "/100", 99)]
    [InlineData(StallFixture.Host, "/30100", 30_000)]
    [InlineData("unknown.example", "/", 0)]
    public async Task It_ends_beside_a_busy_one(string host, string path, int window)
    {
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort, Http2WireConnection.NoWindow);
        await client.RequestAsync(1, "GET", host, "https", [], path);
        if (window > 0)
            await client.OpenWindowAsync(1, window);
        await client.RequestAsync(3, "GET", StallFixture.Host, "https", [], "/events");
        await client.OpenWindowAsync(3, 1 << 20);
        var start = Stopwatch.GetTimestamp();

        var reset = await ResetAsync(client, 1, busy: 5);

        Assert.Equal(Cancel, reset.Payload[3]);
        Assert.InRange(Stopwatch.GetElapsedTime(start), StallFixture.Limit * 0.9, StallFixture.Patience);
        fixture.Events.Release();
        Http2Frame? frame;
        do
        {
            frame = await client.ReadSignificantAsync();
            Assert.NotNull(frame);
        }
        while (frame is not { Stream: 3, Type: Http2FrameType.Data });
        Assert.Equal("data: 1\n\n", frame.Text);
    }

    /// <summary>The stream has a window, but the connection has none.</summary>
    [Fact]
    public async Task It_ends_when_the_window_of_the_connection_is_used_up()
    {
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);
        await client.RequestAsync(1, "GET", StallFixture.Host, "https", [], $"/{DefaultWindow}");
        await client.ReadToEndOfAsync(1);
        await client.RequestAsync(3, "GET", StallFixture.Host, "https", [], "/events");
        await client.RequestAsync(5, "GET", StallFixture.Host, "https", [], "/100");

        while (await client.ReadSignificantAsync() is var frame && frame is not { Stream: 5, Type: Http2FrameType.RstStream })
            Assert.False(frame is null or { Type: Http2FrameType.GoAway }, "the connection ended first");

        await client.OpenWindowAsync(0, 1000);
        fixture.Events.Release();
        Assert.Equal("data: 1\n\n", (await client.ReadSignificantAsync())!.Text);
    }

    [Theory]
    [InlineData(StallFixture.Host, 1)]
    [InlineData("unknown.example", 1)]
    [InlineData(StallFixture.Host, 100)]
    [InlineData("unknown.example", 100)]
    public async Task All_of_a_connection_end_with_it(string host, int count)
    {
        var ended = await fixture.EndedAsync();
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort, Http2WireConnection.NoWindow);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
            await client.RequestAsync(2 * i + 1, "GET", host, "https", [], "/100");

        await ClosedAsync(client);

        Assert.InRange(Stopwatch.GetElapsedTime(start), StallFixture.Limit * 0.9, StallFixture.Patience);
        Assert.Equal(ended + count, await fixture.EndedAsync());
        await UntilAsync("yarp_ingress_unread_response_bytes", 0);
    }

    [Fact]
    public async Task They_count_until_their_client_takes_them()
    {
        const int Count = 20;
        await UntilAsync("yarp_ingress_waiting_responses", 0);
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort, Http2WireConnection.NoWindow);
        for (var i = 0; i < Count; i++)
            await client.RequestAsync(2 * i + 1, "GET", StallFixture.Host, "https", [], "/100");

        await UntilAsync("yarp_ingress_waiting_responses", Count);
        Assert.Equal(Count, await fixture.MetricAsync("requests"));
        Assert.InRange(await fixture.MetricAsync("yarp_ingress_unread_response_bytes"), Count * 100, Count * 8192);

        for (var i = 0; i < Count; i++)
            await client.OpenWindowAsync(2 * i + 1, 100);
        var frames = await client.ReadUntilEndedAsync([.. Enumerable.Range(0, Count).Select(i => 2 * i + 1)]);
        Assert.DoesNotContain(frames, frame => frame.Type == Http2FrameType.RstStream);
        await UntilAsync("requests", 0);
        await UntilAsync("yarp_ingress_unread_response_bytes", 0);
    }

    /// <summary>Nothing is left of a response whose client resets it, or goes away, or breaks the protocol.</summary>
    [Theory]
    [InlineData("reset")]
    [InlineData("close")]
    [InlineData("error")]
    public async Task It_is_forgotten_when_the_client_ends_it(string how)
    {
        var ended = await fixture.EndedAsync();
        await UntilAsync("requests", 0);
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort, Http2WireConnection.NoWindow);
        await client.RequestAsync(1, "GET", StallFixture.Host, "https", [], "/100");
        await UntilAsync("yarp_ingress_waiting_responses", 1);
        var start = Stopwatch.GetTimestamp();

        if (how == "reset")
            await client.SendAsync(Http2FrameType.RstStream, 0, 1, [0, 0, 0, Cancel]);
        else if (how == "close")
            await client.DisposeAsync();
        else
            await client.SendAsync(Http2FrameType.PushPromise, 0, 1, [0, 0, 0, 2]);

        await UntilAsync("requests", 0);
        Assert.Equal(ended, await fixture.EndedAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, StallFixture.Patience);
    }

    /// <summary>Asks for one small response after the other until a stream is reset.</summary>
    private static async Task<Http2Frame> ResetAsync(Http2WireConnection client, int stream, int busy)
    {
        var start = Stopwatch.GetTimestamp();
        for (; ; busy += 2)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < StallFixture.Patience, $"stream {stream} goes on");
            await client.RequestAsync(busy, "GET", StallFixture.Host, "https", [], "/1000");
            await client.OpenWindowAsync(busy, 1000);
            await client.OpenWindowAsync(0, 1000);
            Http2Frame frame;
            do
            {
                frame = await client.ReadSignificantAsync() ?? throw new EndOfStreamException("the connection ended");
                if (frame.Stream == stream && frame.Type == Http2FrameType.RstStream)
                    return frame;
                Assert.False(frame.Type is Http2FrameType.RstStream or Http2FrameType.GoAway, $"{frame}");
            }
            while (frame.Stream != busy || !frame.EndsStream);
        }
    }

    private async Task UntilAsync(string metric, double value)
    {
        var start = Stopwatch.GetTimestamp();
        while (await fixture.MetricAsync(metric) is var now && now != value)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < StallFixture.Patience, $"{metric} is {now}, not {value}");
            await Task.Delay(20);
        }
    }

    private static async Task ClosedAsync(Http2WireConnection client)
    {
        try
        {
            while (await client.ReadAsync() is not null)
            {
            }
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            // A reset, which may come within a frame.
        }
    }
}
