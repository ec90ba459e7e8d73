using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using IngressController.Tests.Fakes;
using IngressController.Tests.Proxy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Features.Bodies;

/// <summary>
/// proxy-body-size without a comparison with nginx: HTTP/2, gRPC, WebSockets, large uploads and responses that have begun.
/// </summary>
public sealed class BodySizeTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private const int Limit = 1024;

    private static async Task CountAsync(HttpContext context)
    {
        var buffer = new byte[16 * 1024];
        var total = 0L;
        while (await context.Request.Body.ReadAsync(buffer) is > 0 and var read)
            total += read;
        await context.Response.WriteAsync($"{total}");
    }

    [Theory]
    [InlineData(1 << 20, HttpStatusCode.OK)]
    [InlineData((1 << 20) + 1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_route_without_annotations_allows_one_mebibyte(int size, HttpStatusCode expected)
    {
        await using var backend = await KestrelBackend.StartAsync(CountAsync);
        var host = await proxy.ServeAsync([backend.Port]);
        using var sized = await proxy.Controller.Client.PostAsync(new Uri($"http://{host}/"), new ByteArrayContent(new byte[size]));
        using var unsized = await proxy.Controller.Client.PostAsync(new Uri($"http://{host}/"), new PushContent(stream => stream.WriteAsync(new byte[size]).AsTask()));
        Assert.Equal((expected, expected), (sized.StatusCode, unsized.StatusCode));
    }

    [Fact]
    public async Task Zero_allows_any_size()
    {
        await using var backend = await KestrelBackend.StartAsync(CountAsync);
        var host = await proxy.ServeAsync(backend.Port, ("proxy-body-size", "0"));
        using var response = await proxy.Controller.Client.PostAsync(new Uri($"http://{host}/"), new ByteArrayContent(new byte[5 << 20]));
        Assert.Equal($"{5 << 20}", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_sends_a_whole_large_upload_first_receives_the_response(bool isChunked)
    {
        await using var backend = await KestrelBackend.StartAsync(CountAsync);
        var host = await proxy.ServeAsync(backend.Port, ("proxy-body-size", "1k"));
        await using var connection = await proxy.ConnectAsync();
        const int size = 4 << 20;
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\n{(isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {size}")}\r\n\r\n");
        await connection.SendAsync(isChunked ? $"{size:x}\r\n{new string('x', size)}\r\n0\r\n\r\n" : new string('x', size));
        var response = await connection.ReadResponseAsync();
        Assert.Equal((413, "close"), (response.Status, response.One("Connection")));
        Assert.Equal("", await connection.ReadToEndAsync());
    }

    [Theory]
    [InlineData(Limit, true, HttpStatusCode.OK)]
    [InlineData(Limit, false, HttpStatusCode.OK)]
    [InlineData(Limit + 1, true, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(Limit + 1, false, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(4 << 20, false, HttpStatusCode.RequestEntityTooLarge)]
    public async Task HTTP_2_bodies_are_limited_and_the_connection_stays_usable(int size, bool hasLength, HttpStatusCode expected)
    {
        await using var backend = await KestrelBackend.StartAsync(CountAsync);
        var host = await proxy.ServeAsync(backend.Port, ("proxy-body-size", "1k"));
        using var client = proxy.Controller.NewClient();
        using var request = ProtocolTests.Request(HttpMethod.Post, $"https://{host}/", "2.0");
        request.Content = hasLength ? new ByteArrayContent(new byte[size]) : new PushContent(stream => stream.WriteAsync(new byte[size]).AsTask());
        using var response = await client.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
        Assert.False(response.Headers.Contains("Connection"));

        using var next = ProtocolTests.Request(HttpMethod.Get, $"https://{host}/", "2.0");
        using var after = await client.SendAsync(next);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task The_messages_of_a_gRPC_call_count_as_its_body_and_zero_removes_the_limit()
    {
        await using var backend = await KestrelBackend.StartAsync(CountAsync, HttpProtocols.Http2);
        var limited = await proxy.ServeAsync(backend.Port, "grpc", [("proxy-body-size", "1k")]);
        var open = await proxy.ServeAsync(backend.Port, "grpc", [("proxy-body-size", "0")]);
        Assert.Equal((HttpStatusCode.OK, "1000"), await CallAsync(limited, 10));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await CallAsync(limited, 11)).Status);
        Assert.Equal((HttpStatusCode.OK, "300000"), await CallAsync(open, 3000));
    }

    [Fact]
    public async Task WebSocket_data_is_not_limited()
    {
        await using var backend = await KestrelBackend.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[16 * 1024];
            var total = 0;
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { MessageType: not WebSocketMessageType.Close } received)
            {
                total += received.Count;
                await socket.SendAsync(BitConverter.GetBytes(total), WebSocketMessageType.Binary, true, context.RequestAborted);
            }
        });
        var host = await proxy.ServeAsync(backend.Port, ("proxy-body-size", "1k"));
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        foreach (var (scheme, version) in new[] { ("ws", HttpVersion.Version11), ("wss", HttpVersion.Version20) })
        {
            using var socket = new ClientWebSocket();
            socket.Options.HttpVersion = version;
            socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            await socket.ConnectAsync(new Uri($"{scheme}://{host}/"), proxy.Controller.Client, timeout.Token);
            var total = 0;
            var answer = new byte[4];
            while (total < 100 * Limit)
            {
                await socket.SendAsync(new byte[Limit], WebSocketMessageType.Binary, true, timeout.Token);
                await socket.ReceiveAsync(answer, timeout.Token);
                total = BitConverter.ToInt32(answer);
            }
        }
    }

    [Fact]
    public async Task A_body_that_exceeds_the_limit_after_the_response_has_begun_aborts_the_exchange()
    {
        await using var backend = await KestrelBackend.StartAsync(async context =>
        {
            await context.Response.StartAsync();
            await context.Response.Body.FlushAsync();
            await CountAsync(context);
        }, HttpProtocols.Http2);
        // The HTTP client returns the response of an HTTP/1.1 backend only after the request is complete.
        var host = await proxy.ServeAsync(backend.Port, "h2c", [("proxy-body-size", "1k")]);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
        Assert.Equal(200, (await connection.ReadHeadAsync())!.Status);
        await connection.SendAsync($"{Limit:x}\r\n{new string('x', Limit)}\r\n0\r\n\r\n");
        // The chunked body has no end, so the client detects the truncation.
        Assert.DoesNotContain("0\r\n", await connection.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private async Task<(HttpStatusCode Status, string Body)> CallAsync(string host, int messages)
    {
        using var request = ProtocolTests.Request(HttpMethod.Post, $"https://{host}/s/Stream", "2.0");
        request.Content = new PushContent(async stream =>
        {
            for (var i = 0; i < messages; i++)
            {
                await stream.WriteAsync(new byte[100]);
                await stream.FlushAsync();
            }
        });
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Add("TE", "trailers");
        using var response = await proxy.Controller.Client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
