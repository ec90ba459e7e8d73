using IngressController.Http2;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Http2;

/// <summary>A connection ends that is flooded with frames which carry nothing; what clients need passes.</summary>
public sealed class FrameFloodTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private const byte Settings = 4;
    private const byte Ping = 6;

    private readonly ManualTimeProvider _clock = new();
    private int _reached;

    [Theory]
    [InlineData(Settings, 0, 6, 10_000)]
    [InlineData(Ping, 0, 8, 10_000)]
    [InlineData(2, 0, 5, 10_000)]
    [InlineData(3, 0, 4, 10_000)]
    [InlineData(9, 0, 0, 10_000)]
    [InlineData(9, 0, 100, 10_000)]
    [InlineData(0, 0, 0, 10_000)]
    [InlineData(0, 8, 101, 10_000)]
    [InlineData(0, 8, 256, 10_000)]
    [InlineData(200, 0, 0, 10_000)]
    [InlineData(8, 0, 4, 200_000)]
    public void Frames_that_carry_nothing_are_limited(byte type, byte flags, int length, int count)
    {
        var limit = NewLimit();
        var head = new FrameHead(length, (FrameType)type, flags, 1);
        for (var i = 1; i < count; i++)
            Assert.True(limit.TryTake(head));

        Assert.Equal((false, 1), (limit.TryTake(head), _reached));
    }

    [Theory]
    [InlineData(1, 0x5, 20)]
    [InlineData(0, 0, 1)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 8, 257)]
    [InlineData(0, 9, 10)]
    public void Requests_and_their_bodies_are_not(byte type, byte flags, int length)
    {
        var limit = NewLimit();
        for (var i = 0; i < 1_000_000; i++)
            Assert.True(limit.TryTake(new FrameHead(length, (FrameType)type, flags, 1)));
    }

    [Fact]
    public void Frames_in_more_than_a_second_pass()
    {
        var limit = NewLimit();
        for (var second = 0; second < 100; second++)
        {
            for (var i = 0; i < 9_900; i++)
                Assert.True(limit.TryTake(new FrameHead(8, (FrameType)Ping, 0, 0)));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(0, _reached);
    }

    [Theory]
    [InlineData(Http2FrameType.Ping, 0, 8)]
    [InlineData(Http2FrameType.Priority, 1, 5)]
    [InlineData(Http2FrameType.Settings, 0, 0)]
    [InlineData(Http2FrameType.WindowUpdate, 0, 4)]
    internal async Task A_flooded_connection_ends_and_is_logged(Http2FrameType type, int stream, int length)
    {
        await using var connection = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        var payload = new byte[length];
        if (length > 0)
            payload[^1] = 1;
        var batch = Enumerable.Repeat(Http2WireConnection.Frame(type, 0, stream, payload), 1000).SelectMany(frame => frame).ToArray();
        var ended = ReadGoAwayAsync(connection);
        try
        {
            for (var sent = 0; sent < 10_000 && !ended.IsCompleted; sent++)
                await connection.SendAsync(batch);
        }
        catch (IOException)
        {
            // The proxy has ended the connection.
        }

        await ended;
        await proxy.Controller.Log.WaitForAsync("flooded");
    }

    [Fact]
    public async Task Requests_among_many_frames_are_answered()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(backend);
        await using var connection = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        var pings = Enumerable.Repeat(Http2WireConnection.Frame(Http2FrameType.Ping, 1, 0, new byte[8]), 400).SelectMany(frame => frame).ToArray();
        for (var stream = 1; stream < 40; stream += 2)
        {
            await connection.SendAsync(pings);
            await connection.GetAsync(stream, host);
            var frames = await connection.ReadToEndOfAsync(stream);
            Assert.Equal("ok", string.Concat(frames.Where(frame => frame.Type == Http2FrameType.Data).Select(frame => frame.Text)));
        }
    }

    private FrameFloodLimit NewLimit() => new(_clock, () => _reached++);

    /// <summary>Completes with the GOAWAY, or when the connection is reset.</summary>
    private static async Task ReadGoAwayAsync(Http2WireConnection connection)
    {
        try
        {
            while (await connection.ReadAsync() is { Type: not Http2FrameType.GoAway })
            {
            }
        }
        catch (IOException)
        {
            // Reset with bytes that were not read.
        }
    }
}
