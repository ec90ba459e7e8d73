using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Edge;

/// <summary>The controller with short times, and a backend whose answers are larger than what the network holds.</summary>
public sealed class StallFixture : IAsyncLifetime
{
    public const string Host = "app.example";

    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <summary>Ticks of the watch, and time for a busy machine to act.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    private KestrelBackend? _backend;

    internal TestController Controller { get; private set; } = null!;

    /// <summary>Lets the quiet streams of the backend go on.</summary>
    internal SemaphoreSlim Events { get; } = new(0);

    public async Task InitializeAsync()
    {
        _backend = await KestrelBackend.StartAsync(AnswerAsync);
        Controller = await TestController.StartAsync(
            Manifests.Service("s", [_backend.Port]) + Manifests.Ingress("i", Host, "s"),
            options => options with
            {
                Listener = options.Listener with
                {
                    ResponseStallTimeout = Limit,
                    MinRequestBodyRate = 100,
                    RequestBodyGracePeriod = TimeSpan.FromSeconds(2),
                },
                Overload = options.Overload with { KeepAliveTimeout = TimeSpan.FromSeconds(2) },
            });
    }

    public async Task DisposeAsync()
    {
        await Controller.DisposeAsync();
        await _backend!.DisposeAsync();
        Events.Dispose();
    }

    internal async Task<double> EndedAsync(string reason = "stalled") =>
        PrometheusPage.Parse(await new HttpClient().GetStringAsync(new Uri($"http://127.0.0.1:{Controller.AdminPort}/metrics")))
            .Single(sample => sample.Name == "yarp_ingress_exchanges_ended_total" && sample.Labels["reason"] == reason).Value;

    /// <summary>The value of a metric without labels, or what is used of a budget.</summary>
    internal async Task<double> MetricAsync(string name) =>
        PrometheusPage.Parse(await new HttpClient().GetStringAsync(new Uri($"http://127.0.0.1:{Controller.AdminPort}/metrics")))
            .Single(sample => sample.Name == name || (sample.Name == "yarp_ingress_overload_used" && sample.Labels["resource"] == name)).Value;

    private async Task AnswerAsync(HttpContext context)
    {
        var response = context.Response;
        var path = context.Request.Path.Value!;
        if (context.WebSockets.IsWebSocketRequest)
        {
            await TalkAsync(await context.WebSockets.AcceptWebSocketAsync(), context.RequestAborted);
            return;
        }

        if (path == "/events")
        {
            response.ContentType = "text/event-stream";
            await response.Body.FlushAsync();
            while (true)
            {
                await Events.WaitAsync(context.RequestAborted);
                await response.WriteAsync("data: 1\n\n", context.RequestAborted);
            }
        }

        if (path == "/echo")
        {
            await context.Request.Body.CopyToAsync(response.Body, context.RequestAborted);
            return;
        }

        if (path == "/count")
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            await response.WriteAsync($"{body.Length} bytes", context.RequestAborted);
            return;
        }

        // A number of bytes.
        var bytes = Bytes(int.Parse(path.AsSpan(1), CultureInfo.InvariantCulture));
        response.ContentLength = context.Request.Query.ContainsKey("chunked") ? null : bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    internal static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Sends a message when it gets one; sends without end when it gets "flood".</summary>
    private static async Task TalkAsync(WebSocket socket, CancellationToken cancellation)
    {
        var buffer = new byte[64 << 10];
        while (await socket.ReceiveAsync(buffer, cancellation) is { MessageType: not WebSocketMessageType.Close } received)
        {
            do
            {
                await socket.SendAsync(buffer, WebSocketMessageType.Binary, true, cancellation);
            }
            while (Encoding.ASCII.GetString(buffer, 0, received.Count) == "flood");
        }
    }
}

/// <summary>A client that takes no bytes of a waiting response, or sends a body too slowly, does not hold memory for long.</summary>
public sealed class StallTests(StallFixture fixture) : IClassFixture<StallFixture>
{
    /// <summary>More than kernel and proxy hold.</summary>
    private const int TooMuch = 64 << 20;

    [Theory]
    [InlineData("/20480")]
    [InlineData("/20480?chunked")]
    [InlineData("/5000000")]
    public async Task A_stream_without_window_ends_and_so_does_its_connection(string path)
    {
        var ended = await fixture.EndedAsync();
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort, Http2WireConnection.NoWindow);
        var start = Stopwatch.GetTimestamp();
        await client.RequestAsync(1, "GET", StallFixture.Host, "https", [], path);
        await client.RequestAsync(3, "GET", StallFixture.Host, "https", [], path);

        await ClosedAsync(client);

        Assert.InRange(Stopwatch.GetElapsedTime(start), StallFixture.Limit * 0.9, StallFixture.Patience);
        Assert.Equal(ended + 2, await fixture.EndedAsync());
        await fixture.Controller.Log.WaitForAsync("(--response-stall-timeout)");
        Assert.Equal(0, fixture.Controller.Log.CountOf("failed ("));
    }

    [Fact]
    public async Task A_connection_whose_window_is_never_opened_ends()
    {
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort, [0, 4, 0, 16, 0, 0]);
        for (var stream = 1; stream < 20; stream += 2)
            await client.RequestAsync(stream, "GET", StallFixture.Host, "https", [], "/20480");
        await ClosedAsync(client);
    }

    [Fact]
    public async Task Other_streams_of_the_connection_go_on()
    {
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort, Http2WireConnection.NoWindow);
        await client.RequestAsync(1, "GET", StallFixture.Host, "https", [], "/20480");
        await client.RequestAsync(3, "GET", StallFixture.Host, "https", [], "/events");
        await client.OpenWindowAsync(3, 1 << 20);
        var next = 5;
        Http2Frame? frame;
        do
        {
            // A healthy answer while the other one waits.
            await client.RequestAsync(next, "GET", StallFixture.Host, "https", [], "/30000");
            await client.OpenWindowAsync(next, 1 << 20);
            await client.OpenWindowAsync(0, 30_000);
            do
            {
                frame = await client.ReadSignificantAsync();
                Assert.NotNull(frame);
            }
            while (!(frame.Stream == next && frame.EndsStream) && frame.Type != Http2FrameType.RstStream);
            next += 2;
        }
        while (frame.Type != Http2FrameType.RstStream);

        Assert.Equal((1, 8), (frame.Stream, frame.Payload[3]));
        fixture.Events.Release();
        while (frame is not { Stream: 3, Type: Http2FrameType.Data })
            frame = await client.ReadSignificantAsync() ?? throw new EndOfStreamException("the connection ended");
        Assert.Equal("data: 1\n\n", frame.Text);
    }

    /// <summary>A download as fast as it goes, which keeps the connection busy, does not hide a stream that takes nothing.</summary>
    [Fact]
    public async Task A_stream_stalls_beside_a_fast_one()
    {
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort, Http2WireConnection.NoWindow);
        await client.OpenWindowAsync(0, int.MaxValue - 65_535);
        await client.RequestAsync(1, "GET", StallFixture.Host, "https", [], "/20480");
        await client.RequestAsync(3, "GET", StallFixture.Host, "https", [], "/500000000");
        await client.OpenWindowAsync(3, int.MaxValue);
        while (await client.ReadSignificantAsync() is var frame && frame is not { Type: Http2FrameType.RstStream })
            Assert.False(frame is null or { EndsStream: true }, "the fast stream or the connection ended first");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_of_http1_that_reads_nothing_is_closed(bool tls)
    {
        var ended = await fixture.EndedAsync();
        await using var client = await ConnectAsync(tls);
        await client.SendAsync($"GET /{TooMuch} HTTP/1.1\r\nHost: {StallFixture.Host}\r\n\r\n");
        while (await fixture.EndedAsync() == ended)
            await Task.Delay(50);
        Assert.InRange((await client.ReadToEndAsync()).Length, 1, TooMuch - 1);
    }

    /// <summary>Slow but steady: each part takes longer than the limit to be read as a whole, and nothing of it is lost.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task A_slow_reader_gets_everything(bool tls, bool chunked)
    {
        const int Length = 12 << 20;
        await using var client = await ConnectAsync(tls);
        await client.SendAsync($"GET /{Length}{(chunked ? "?chunked" : "")} HTTP/1.1\r\nHost: {StallFixture.Host}\r\n\r\n");
        var head = await client.ReadHeadAsync();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var left = Length; left > 0;)
        {
            var part = chunked ? await client.ReadChunkAsync() : await client.ReadTextAsync(Math.Min(left, 64 << 10));
            hash.AppendData(Encoding.Latin1.GetBytes(part));
            left -= part.Length;
            // About four seconds in all.
            if (left / (64 << 10) != (left + part.Length) / (64 << 10))
                await Task.Delay(20);
        }

        Assert.Equal(200, head!.Status);
        Assert.Equal(SHA256.HashData(StallFixture.Bytes(Length)), hash.GetHashAndReset());
    }

    [Fact]
    public async Task Quiet_streams_go_on()
    {
        await using var http1 = await ConnectAsync(tls: false);
        await http1.SendAsync($"GET /events HTTP/1.1\r\nHost: {StallFixture.Host}\r\n\r\n");
        Assert.Equal(200, (await http1.ReadHeadAsync())!.Status);
        using var socket = await OpenWebSocketAsync();
        await Task.Delay(StallFixture.Limit * 2.5);

        fixture.Events.Release();
        Assert.Equal("data: 1\n\n", await http1.ReadChunkAsync());
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
        Assert.True((await socket.ReceiveAsync(new byte[1024], CancellationToken.None)).Count > 0);
    }

    [Fact]
    public async Task A_WebSocket_whose_client_reads_nothing_ends()
    {
        var ended = await fixture.EndedAsync();
        using var socket = await OpenWebSocketAsync();
        await socket.SendAsync("flood"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
        var start = Stopwatch.GetTimestamp();
        while (await fixture.EndedAsync() == ended)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < StallFixture.Patience);
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task A_body_at_two_bytes_a_second_ends()
    {
        await using var client = await ConnectAsync(tls: false);
        await client.SendAsync($"POST /count HTTP/1.1\r\nHost: {StallFixture.Host}\r\nContent-Length: 1000\r\n\r\n");
        var answer = client.ReadResponseAsync();
        var sent = await SendSlowlyAsync(client, answer);
        Assert.Equal(408, (await answer).Status);
        Assert.InRange(sent, 4, 20);
        Assert.True(await fixture.EndedAsync("slow_body") > 0);
    }

    /// <summary>A response that has begun cannot become a 408: it is cut.</summary>
    [Fact]
    public async Task A_body_at_two_bytes_a_second_ends_a_response_that_has_begun()
    {
        await using var client = await ConnectAsync(tls: false);
        await client.SendAsync($"POST /echo HTTP/1.1\r\nHost: {StallFixture.Host}\r\nContent-Length: 1000\r\n\r\n");
        var answer = client.ReadUntilClosedAsync();
        var sent = await SendSlowlyAsync(client, answer);
        Assert.InRange(sent, 4, 20);
        Assert.DoesNotContain("\r\n0\r\n", (await answer).Text, StringComparison.Ordinal);
        Assert.True(await fixture.EndedAsync("slow_body") > 0);
        Assert.Equal(0, fixture.Controller.Log.CountOf("failed ("));
    }

    /// <summary>Over HTTP/2 only its stream ends, whatever the others of the connection do.</summary>
    [Fact]
    public async Task A_stream_whose_body_comes_at_two_bytes_a_second_ends()
    {
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);
        (string, string)[] head = [(":method", "POST"), (":scheme", "https"), (":path", "/count"), (":authority", StallFixture.Host)];
        await client.HeadAsync(1, head, endsStream: false);
        await client.RequestAsync(3, "GET", StallFixture.Host, "https", [], "/events");
        var frame = client.ReadSignificantAsync();
        var sent = 0;
        while (frame is not { IsCompleted: true, Result: { Type: Http2FrameType.RstStream } })
        {
            if (frame.IsCompleted)
            {
                Assert.NotNull(await frame);
                frame = client.ReadSignificantAsync();
            }

            await client.SendAsync(Http2FrameType.Data, 0, 1, [1]);
            sent++;
            await Task.WhenAny(frame, Task.Delay(500));
            Assert.True(sent < 40, "the body goes on");
        }

        Assert.Equal((1, 8), ((await frame)!.Stream, (await frame)!.Payload[3]));
        Assert.True(sent >= 4);
        fixture.Events.Release();
        Assert.Equal("data: 1\n\n", (await client.ReadSignificantAsync())!.Text);
        Assert.True(await fixture.EndedAsync("slow_body") > 0);
    }

    /// <summary>Slow, but not slower than the minimum rate.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slow_body_arrives(bool isHttp2)
    {
        const int Parts = 20;
        var part = new string('x', 60);
        if (isHttp2)
        {
            await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);
            (string, string)[] head = [(":method", "POST"), (":scheme", "https"), (":path", "/echo"), (":authority", StallFixture.Host)];
            await client.HeadAsync(1, head, endsStream: false);
            for (var i = 1; i <= Parts; i++)
            {
                await Task.Delay(200);
                await client.SendAsync(Http2FrameType.Data, (byte)(i == Parts ? 1 : 0), 1, Encoding.ASCII.GetBytes(part));
            }

            Assert.Equal(Parts * part.Length, (await client.ReadToEndOfAsync(1)).Where(frame => frame.Type == Http2FrameType.Data).Sum(frame => frame.Payload.Length));
        }
        else
        {
            await using var client = await ConnectAsync(tls: false);
            await client.SendAsync($"POST /echo HTTP/1.1\r\nHost: {StallFixture.Host}\r\nContent-Length: {Parts * part.Length}\r\n\r\n");
            for (var i = 1; i <= Parts; i++)
            {
                await Task.Delay(200);
                await client.SendAsync(part);
            }

            Assert.Equal(Parts * part.Length, (await client.ReadResponseAsync()).Body.Length);
        }
    }

    /// <summary>Sends two bytes a second until the answer has come; returns their number.</summary>
    private static async Task<int> SendSlowlyAsync(WireConnection client, Task answer)
    {
        var sent = 0;
        for (; !answer.IsCompleted; sent++)
        {
            await client.SendAsync("x");
            await Task.WhenAny(answer, Task.Delay(500));
        }

        return sent;
    }

    private Task<WireConnection> ConnectAsync(bool tls) => WireConnection.ConnectAsync(
        tls ? fixture.Controller.HttpsPort : fixture.Controller.HttpPort,
        tls ? new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => true } : null);

    private async Task<ClientWebSocket> OpenWebSocketAsync()
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Host", StallFixture.Host);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{fixture.Controller.HttpPort}/ws"), CancellationToken.None);
        return socket;
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
