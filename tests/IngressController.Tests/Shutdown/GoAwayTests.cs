using IngressController.Tests.Fakes;

namespace IngressController.Tests.Shutdown;

/// <summary>The shutdown over HTTP/2.</summary>
public sealed class GoAwayTests
{
    /// <summary>An HTTP/2 client gets the GOAWAY on an idle connection, and streams that it has just opened are served.</summary>
    [Fact]
    public async Task Idle_connection_gets_a_GOAWAY_and_its_next_streams_are_served()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await Http2WireConnection.ConnectAsync(draining.HttpsPort);
        await client.GetAsync(1, DrainingController.Host);
        Assert.DoesNotContain(await client.ReadToEndOfAsync(1), frame => frame.Type == Http2FrameType.GoAway);
        var stopping = await draining.BeginAsync();

        var goAway = await client.ReadSignificantAsync();
        Assert.Equal((Http2FrameType.GoAway, (Http2WireConnection.AnyStream, 0)), (goAway!.Type, goAway.GoAway()));
        await client.GetAsync(3, DrainingController.Host);
        Assert.All(await client.ReadToEndOfAsync(3), frame => Assert.True(frame is { Stream: 3, Type: Http2FrameType.Headers or Http2FrameType.Data }, $"{frame}"));

        await draining.EndDelayAsync();
        var last = await client.ReadSignificantAsync();
        Assert.Equal((Http2FrameType.GoAway, (3, 0)), (last!.Type, last.GoAway()));
        Assert.Null(await client.ReadSignificantAsync());
        await stopping;
    }

    [Fact]
    public async Task A_stream_in_flight_ends_within_the_grace_period()
    {
        var came = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            came.SetResult();
            await answer.Task;
            await connection.SendAsync(WireBackend.Ok("slow"));
        });
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await Http2WireConnection.ConnectAsync(draining.HttpsPort);
        await client.GetAsync(1, DrainingController.Host);
        await came.Task;
        var stopping = await draining.BeginAsync();
        Assert.Equal((Http2WireConnection.AnyStream, 0), (await client.ReadSignificantAsync())!.GoAway());
        await draining.EndDelayAsync();
        Assert.False(stopping.IsCompleted);

        answer.SetResult();
        var frames = await client.ReadToEndOfAsync(1);
        Assert.Equal("slow"u8.ToArray(), frames.Where(frame => frame.Type == Http2FrameType.Data).SelectMany(frame => frame.Payload));
        // The client does not close the connection, although it has no more streams.
        await draining.UntilEndedAsync(stopping);
        Assert.Equal(0, draining.Controller.Log.CountOf("requests were aborted"));
    }

    [Fact]
    public async Task Connection_made_during_the_delay_gets_the_GOAWAY_with_its_first_response()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await draining.BeginAsync();
        await using var client = await Http2WireConnection.ConnectAsync(draining.HttpsPort);
        await client.GetAsync(1, DrainingController.Host);
        var frames = await client.ReadToEndOfAsync(1);
        if (!frames.Any(frame => frame.Type == Http2FrameType.GoAway))
            frames = [.. frames, (await client.ReadSignificantAsync())!];
        Assert.Equal((Http2WireConnection.AnyStream, 0), Assert.Single(frames, frame => frame.Type == Http2FrameType.GoAway).GoAway());
        Assert.Contains(frames, frame => frame is { Type: Http2FrameType.Headers, Stream: 1 });
    }

    /// <summary>A GOAWAY within another frame would break all streams of the connection.</summary>
    [Fact]
    public async Task GOAWAY_is_sent_between_frames_under_load()
    {
        // Response headers that need CONTINUATION frames, and bodies of many DATA frames.
        var response = $"HTTP/1.1 200 OK\r\nX-Large: {new string('h', 30_000)}\r\nContent-Length: 300000\r\n\r\n{new string('b', 300_000)}";
        await using var backend = WireBackend.Answer(response);
        await using var draining = await DrainingController.StartAsync(backend.Port);
        var clients = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Http2WireConnection.ConnectAsync(draining.HttpsPort)));
        var counts = clients.Select(async client =>
        {
            var stream = -1;
            var goAways = 0;
            for (var after = 0; after < 2; after += goAways)
            {
                await client.GetAsync(stream += 2, DrainingController.Host);
                var frames = await client.ReadToEndOfAsync(stream, giveCredit: true);
                Assert.Equal(300_000, frames.Where(frame => frame.Type == Http2FrameType.Data).Sum(frame => frame.Payload.Length));
                goAways += frames.Count(frame => frame.Type == Http2FrameType.GoAway && frame.GoAway() == (Http2WireConnection.AnyStream, 0));
                // No other frame is between HEADERS and its CONTINUATION (RFC 9113, 6.10).
                Assert.All(frames.Zip(frames.Skip(1)), pair => Assert.Equal(
                    pair.First.Type is Http2FrameType.Headers or Http2FrameType.Continuation && (pair.First.Flags & 4) == 0,
                    pair.Second.Type == Http2FrameType.Continuation));
            }

            await client.DisposeAsync();
            return goAways;
        }).ToArray();
        await DrainingController.UntilAsync(() => Task.FromResult(backend.Requests.Count > 20), "all are busy");
        await draining.BeginAsync();

        Assert.All(await Task.WhenAll(counts), count => Assert.Equal(1, count));
    }
}
