using System.Net.WebSockets;
using System.Text;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Proxy;

/// <summary>WebSockets from HTTP/1.1 (RFC 6455) and from HTTP/2 (RFC 8441).</summary>
public sealed class WebSocketTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static async Task EchoAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = 426;
            return;
        }

        var protocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault();
        context.Response.Headers["X-Host"] = context.Request.Headers.Host;
        using var socket = await context.WebSockets.AcceptWebSocketAsync(protocol);
        var buffer = new byte[64 * 1024];
        while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } received)
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", context.RequestAborted);
    }

    [Theory]
    [InlineData("ws", 1, HttpProtocols.Http1, null)]
    [InlineData("wss", 1, HttpProtocols.Http1, null)]
    [InlineData("wss", 2, HttpProtocols.Http1, null)]
    [InlineData("wss", 2, HttpProtocols.Http2, "kubernetes.io/h2c")]
    [InlineData("ws", 1, HttpProtocols.Http2, "kubernetes.io/h2c")]
    public async Task Messages_pass_in_both_directions_until_either_side_closes(string scheme, int version, HttpProtocols backendSpeaks, string? appProtocol)
    {
        await using var backend = await KestrelBackend.StartAsync(EchoAsync, backendSpeaks);
        var host = await proxy.ServeAsync([backend.Port], appProtocol);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = new Version(version, version == 1 ? 1 : 0);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.AddSubProtocol("chat.v1");
        await socket.ConnectAsync(new Uri($"{scheme}://{host}/ws?x=1"), proxy.Controller.Client, timeout.Token);

        Assert.Equal("chat.v1", socket.SubProtocol);
        Assert.Equal([host], socket.HttpResponseHeaders!["X-Host"]);
        var large = Encoding.UTF8.GetBytes(new string('x', 300_000));
        foreach (var message in new[] { "hello"u8.ToArray(), large, "again"u8.ToArray() })
        {
            var sending = socket.SendAsync(message, WebSocketMessageType.Text, true, timeout.Token);
            Assert.Equal(message, await ReceiveAsync(socket, timeout.Token));
            await sending;
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", timeout.Token);
        Assert.Equal((WebSocketCloseStatus.NormalClosure, "bye"), (socket.CloseStatus, socket.CloseStatusDescription));
    }

    [Fact]
    public async Task The_response_of_a_backend_that_refuses_the_upgrade_reaches_the_client()
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        var host = await proxy.ServeAsync(backend);
        var response = await proxy.GetAsync(host, "/", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n");
        Assert.Equal((403, "no"), (response.Status, response.Body));
        Assert.Equal("websocket", Assert.Single(backend.Requests).One("Upgrade"));
    }

    [Fact]
    public async Task Messages_before_a_crash_are_delivered_and_the_client_is_disconnected()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nbytes");
        });
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        Assert.Equal(101, (await connection.ReadHeadAsync())!.Status);
        Assert.Equal("bytes", await connection.ReadToEndAsync());
    }

    [Fact]
    public async Task An_extended_CONNECT_of_another_protocol_is_refused()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await proxy.ServeAsync(backend);
        using var request = new HttpRequestMessage(HttpMethod.Connect, $"https://{host}/") { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Protocol = "connect-udp";
        using var response = await proxy.Controller.Client.SendAsync(request);
        Assert.Equal(501, (int)response.StatusCode);
        Assert.Empty(backend.Requests);
    }

    private static async Task<byte[]> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellation)
    {
        var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        ValueWebSocketReceiveResult received;
        do
        {
            received = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            message.Write(buffer, 0, received.Count);
        }
        while (!received.EndOfMessage);
        return message.ToArray();
    }
}
