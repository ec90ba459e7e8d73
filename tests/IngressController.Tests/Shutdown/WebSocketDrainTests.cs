using System.Net.WebSockets;
using System.Text;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Shutdown;

/// <summary>
/// WebSockets do not end by themselves: the client gets a close frame between two frames, and its reply closes the backend's side.
/// </summary>
public sealed class WebSocketDrainTests
{
    private const string Upgrade =
        $"GET / HTTP/1.1\r\nHost: {DrainingController.Host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

    private const string Upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";

    // Server to client: close, 1001. Client to server: the same, masked with zeros.
    private const string GoingAway = "\u0088\u0002\u0003\u00e9";
    private const string Answer = "\u0088\u0082\0\0\0\0\u0003\u00e9";

    [Fact]
    public async Task Close_frame_waits_for_the_end_of_a_frame_and_the_backend_gets_the_reply()
    {
        var frame = Encoding.Latin1.GetString(WebSocketFramesTests.Frame(opcode: 2, length: 1000, isMasked: false));
        var half = new TaskCompletionSource();
        var received = new TaskCompletionSource<string>();
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Upgraded + frame + frame[..500]);
            await half.Task;
            await connection.SendAsync(frame[500..] + frame);
            received.SetResult(await connection.ReadTextAsync(Answer.Length));
        });
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await WireConnection.ConnectAsync(draining.HttpPort);
        await client.SendAsync(Upgrade);
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        Assert.Equal(frame + frame[..500], await client.ReadTextAsync(frame.Length + 500));
        var stopping = await draining.BeginAsync();
        await draining.EndDelayAsync();
        // Frames of the client are still forwarded after the ports are closed.
        half.SetResult();

        Assert.Equal(frame[500..] + GoingAway, await client.ReadTextAsync(frame.Length - 500 + GoingAway.Length));
        await client.SendAsync(Answer);
        Assert.Equal(Answer, await received.Task.WaitAsync(TimeSpan.FromSeconds(15)));
        // No frame of the backend follows, and when it closes, the client's connection ends.
        Assert.Equal("", await client.ReadToEndAsync());
        await stopping;
        Assert.Equal(0, draining.Controller.Log.CountOf("requests were aborted"));
    }

    [Fact]
    public async Task Idle_WebSocket_is_closed_at_once_and_a_closing_one_is_not_closed_twice()
    {
        var number = 0;
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Upgraded);
            if (Interlocked.Increment(ref number) == 2)
                await connection.SendAsync("\u0088\u0002\u0003\u00e8");
            Assert.Equal("\u0088\u0082", await connection.ReadTextAsync(2));
        });
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var idle = await WireConnection.ConnectAsync(draining.HttpPort);
        await idle.SendAsync(Upgrade);
        Assert.Equal(101, (await idle.ReadHeadAsync())!.Status);
        await using var closing = await WireConnection.ConnectAsync(draining.HttpPort);
        await closing.SendAsync(Upgrade);
        Assert.Equal(101, (await closing.ReadHeadAsync())!.Status);
        Assert.Equal("\u0088\u0002\u0003\u00e8", await closing.ReadTextAsync(4));
        var stopping = await draining.BeginAsync();
        await draining.EndDelayAsync();

        Assert.Equal(GoingAway, await idle.ReadTextAsync(4));
        await idle.SendAsync(Answer);
        await closing.SendAsync(Answer);
        Assert.Equal(["", ""], [await idle.ReadToEndAsync(), await closing.ReadToEndAsync()]);
        await stopping;
    }

    [Fact]
    public async Task WebSocket_without_a_reply_is_aborted_after_the_grace_period()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Upgraded);
            await connection.ReadToEndAsync();
        });
        await using var draining = await DrainingController.StartAsync(backend.Port);
        await using var client = await WireConnection.ConnectAsync(draining.HttpPort);
        await client.SendAsync(Upgrade);
        Assert.Equal(101, (await client.ReadHeadAsync())!.Status);
        var stopping = await draining.BeginAsync();
        await draining.EndDelayAsync();
        Assert.Equal(GoingAway, await client.ReadTextAsync(4));
        Assert.False(stopping.IsCompleted);
        draining.EndGracePeriod();
        Assert.Equal("", await client.ReadToEndAsync());
        await stopping;
        Assert.Equal(1, draining.Controller.Log.CountOf("1 requests were aborted"));
        Assert.Equal(0, draining.Controller.Log.CountOf(" failed "));
    }

    /// <summary>The client's reader reports an error for any invalid byte.</summary>
    [Theory]
    [InlineData("ws", 1)]
    [InlineData("wss", 1)]
    [InlineData("wss", 2)]
    public async Task WebSocket_with_large_fragments_is_closed_normally(string scheme, int version)
    {
        var closed = new TaskCompletionSource<WebSocketCloseStatus?>();
        await using var backend = await KestrelBackend.StartAsync(context => StreamAsync(context, closed), HttpProtocols.Http1);
        await using var draining = await DrainingController.StartAsync(backend.Port);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = new Version(version, version == 1 ? 1 : 0);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await socket.ConnectAsync(new Uri($"{scheme}://{DrainingController.Host}/"), draining.Controller.Client, timeout.Token);
        var buffer = new byte[64 * 1024];
        for (var i = 0; i < 20; i++)
            Assert.Equal(WebSocketMessageType.Binary, (await socket.ReceiveAsync(buffer, timeout.Token)).MessageType);
        var stopping = await draining.BeginAsync();
        var ended = draining.EndDelayAsync();

        while (await socket.ReceiveAsync(buffer, timeout.Token) is { MessageType: not WebSocketMessageType.Close })
        {
        }

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
        await socket.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, "", timeout.Token);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await closed.Task.WaitAsync(timeout.Token));
        await ended;
        await draining.UntilEndedAsync(stopping);
        Assert.Equal(0, draining.Controller.Log.CountOf("requests were aborted"));
    }

    /// <summary>Sends one endless message in large fragments until the other side closes.</summary>
    private static async Task StreamAsync(HttpContext context, TaskCompletionSource<WebSocketCloseStatus?> closed)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var receiving = socket.ReceiveAsync(new byte[100], context.RequestAborted);
        var fragment = new byte[200_000];
        while (!receiving.IsCompleted)
            await socket.SendAsync(fragment, WebSocketMessageType.Binary, endOfMessage: false, context.RequestAborted);
        closed.SetResult((await receiving).CloseStatus);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", context.RequestAborted);
    }
}
