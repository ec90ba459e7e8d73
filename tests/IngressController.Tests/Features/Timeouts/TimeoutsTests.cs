using System.Net;
using System.Text;
using IngressController.Tests.Fakes;
using IngressController.Tests.Proxy;

namespace IngressController.Tests.Features.Timeouts;

/// <summary>The way of a request to its endpoint.</summary>
public enum Way
{
    /// <summary>HTTP/1.1 by the connections of the proxy.</summary>
    Direct,

    /// <summary>HTTP/1.1 by the HTTP client.</summary>
    HttpClient,

    /// <summary>HTTP/2 by the HTTP client.</summary>
    Http2,
}

/// <summary>The time limits of a route, with either forwarder, to endpoints of HTTP/1.1 and HTTP/2.</summary>
public sealed class TimeoutsTests(TimeoutsFixture fixture) : IClassFixture<TimeoutsFixture>
{
    private const string Read = "proxy-read-timeout: \"10\", proxy-body-size: \"0\"";
    private const string Send = "proxy-send-timeout: \"10\", proxy-body-size: \"0\"";
    private const string PerTry = "per-try-timeout: \"5s\"";
    private const string Total = "request-timeout: \"30s\"";
    private const string Stream = "stream-idle-timeout: \"200s\", proxy-read-timeout: \"10\", proxy-send-timeout: \"10\", request-timeout: \"40s\"";

    /// <summary>The defaults are 60 s. What happens is noticed later on a busy machine.</summary>
    private const int BeforeDefault = 58;

    private const string Upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

    private const string Switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";

    [Theory]
    [InlineData(Way.Direct, Read, 10, "GET", "\r\n")]
    [InlineData(Way.HttpClient, Read, 10, "GET", "\r\n")]
    [InlineData(Way.Direct, Read, 10, "POST", "Content-Length: 5\r\n\r\nhello")]
    [InlineData(Way.HttpClient, Read, 10, "POST", "Content-Length: 5\r\n\r\nhello")]
    [InlineData(Way.Direct, Read, 10, "PUT", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData(Way.HttpClient, Read, 10, "PUT", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData(Way.Direct, PerTry, 5, "POST", "Content-Length: 5\r\n\r\nhello")]
    [InlineData(Way.HttpClient, PerTry, 5, "GET", "\r\n")]
    [InlineData(Way.Direct, Total, 30, "GET", "\r\n")]
    [InlineData(Way.HttpClient, Total, 30, "GET", "\r\n")]
    [InlineData(Way.Http2, Read, 10, "GET", "\r\n")]
    [InlineData(Way.Http2, Read, 10, "POST", "Content-Length: 5\r\n\r\nhello")]
    [InlineData(Way.Http2, PerTry, 5, "GET", "\r\n")]
    [InlineData(Way.Http2, Total, 30, "GET", "\r\n")]
    public async Task An_endpoint_that_does_not_respond_is_504(Way way, string annotations, int limit, string method, string rest)
    {
        await using var backend = Start(way, connection => connection.ReadToEndAsync(), server => server.ReadToEndAsync());
        var host = await ServeAsync(way, annotations, backend);
        await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}");
        var response = client.ReadResponseAsync();
        Assert.InRange(await fixture.UntilAsync(response), limit, BeforeDefault);
        Assert.Equal(504, (await response).Status);
        Assert.StartsWith("504 Gateway Timeout", (await response).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Way.Direct, Read)]
    [InlineData(Way.HttpClient, Read)]
    [InlineData(Way.Http2, Read)]
    public async Task A_response_that_becomes_idle_is_cut_and_one_that_goes_on_is_not(Way way, string annotations)
    {
        var parts = System.Threading.Channels.Channel.CreateUnbounded<string>();
        await using var backend = Start(
            way,
            async connection =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                await foreach (var part in parts.Reader.ReadAllAsync())
                    await connection.SendAsync($"{part.Length:x}\r\n{part}\r\n");
            },
            async server =>
            {
                var stream = (await server.ReadRequestAsync())!.Stream;
                await server.SendAsync(Http2WireServer.Begin(stream, 200, ""));
                await foreach (var part in parts.Reader.ReadAllAsync())
                    await server.SendAsync(Http2WireConnection.Frame(Http2FrameType.Data, 0, stream, Encoding.Latin1.GetBytes(part)));
            });
        var host = await ServeAsync(way, annotations, backend);
        await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
        for (var i = 0; i < 6; i++)
        {
            fixture.Clock.Advance(TimeSpan.FromSeconds(6));
            parts.Writer.TryWrite($"part {i}");
            Assert.Equal($"part {i}", await client.ReadChunkAsync());
        }

        var rest = client.ReadToEndAsync();
        Assert.InRange(await fixture.UntilAsync(rest), 9, BeforeDefault);
        Assert.Equal("", await rest);
        parts.Writer.Complete();
    }

    [Theory]
    [InlineData(Way.Direct, Send)]
    [InlineData(Way.HttpClient, Send)]
    [InlineData(Way.Http2, Send)]
    public async Task An_endpoint_that_accepts_nothing_of_a_body_is_504(Way way, string annotations)
    {
        const int Size = 64 << 20;
        var ending = new TaskCompletionSource();
        await using var backend = Start(
            way,
            async connection =>
            {
                await connection.ReadHeadAsync();
                await ending.Task;
            },
            async server =>
            {
                await server.ReadHeadersAsync();
                await ending.Task;
            });
        var host = await ServeAsync(way, annotations, backend);
        await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
        await client.SendAsync($"PUT / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {Size}\r\n\r\n");
        var upload = UploadAsync(client, Size);
        var response = client.ReadResponseAsync();
        Assert.InRange(await fixture.UntilAsync(response), 10, BeforeDefault);
        Assert.Equal(504, (await response).Status);
        ending.SetResult();
        await client.DisposeAsync();
        await upload;
    }

    [Theory]
    [InlineData(Way.Direct, Read)]
    [InlineData(Way.HttpClient, Read)]
    [InlineData(Way.Http2, Read)]
    public async Task The_time_in_which_a_client_sends_nothing_is_not_that_of_the_endpoint(Way way, string annotations)
    {
        await using var backend = Start(
            way,
            async connection =>
            {
                var request = await connection.ReadRequestAsync();
                await connection.SendAsync(WireBackend.Ok(request!.Body));
            },
            async server =>
            {
                var request = await server.ReadRequestAsync();
                await server.AnswerAsync(request!.Stream, request.Body);
            });
        var host = await ServeAsync(way, annotations, backend);
        await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\nhello");
        var response = client.ReadResponseAsync();
        for (var i = 0; i < 30; i++)
        {
            Assert.NotSame(response, await Task.WhenAny(response, Task.Delay(5)));
            fixture.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await client.SendAsync("world");
        Assert.Equal("helloworld", (await response).Body);
    }

    [Theory]
    [InlineData(Way.Direct, Total)]
    [InlineData(Way.HttpClient, Total)]
    [InlineData(Way.Http2, Total)]
    public async Task A_response_that_lasts_too_long_is_cut(Way way, string annotations)
    {
        await using var backend = Start(
            way,
            async connection =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
                await connection.ReadToEndAsync();
            },
            async server =>
            {
                var stream = (await server.ReadRequestAsync())!.Stream;
                await server.SendAsync(Http2WireServer.Begin(stream, 200, "hello"));
                await server.ReadToEndAsync();
            });
        var host = await ServeAsync(way, annotations, backend);
        await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
        Assert.Equal("hello", await client.ReadChunkAsync());
        var rest = client.ReadToEndAsync();
        Assert.InRange(await fixture.UntilAsync(rest), 29, BeforeDefault);
        Assert.Equal("", await rest);
    }

    [Theory]
    [InlineData(Way.Direct, Read, 10, BeforeDefault)]
    [InlineData(Way.HttpClient, Read, 10, BeforeDefault)]
    [InlineData(Way.Direct, Stream, 200, 350)]
    [InlineData(Way.HttpClient, Stream, 200, 350)]
    public async Task An_idle_WebSocket_ends_and_bytes_in_either_direction_keep_it(Way way, string annotations, int limit, int most)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(Switch);
            while (await connection.ReadTextAsync(1) is { } text)
            {
                if (text == "!")
                    await connection.SendAsync("\u0081\u0001!");
            }
        });
        var host = await ServeAsync(way, annotations, backend);
        await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n{Upgrade}");
        Assert.Equal(101, (await client.ReadResponseAsync()).Status);
        for (var i = 0; i < 5; i++)
        {
            // One direction, then both; the answer tells that the bytes before it have passed.
            fixture.Clock.Advance(TimeSpan.FromSeconds(0.8 * limit));
            await client.SendAsync("...!");
            Assert.Equal("\u0081\u0001!", await client.ReadTextAsync(3));
        }

        var rest = client.ReadToEndAsync();
        Assert.InRange(await fixture.UntilAsync(rest), 0.9 * limit, most);
    }

    [Theory]
    [InlineData(Read, 10)]
    [InlineData(Stream, 40)]
    public async Task An_idle_gRPC_call_ends(string annotations, int limit)
    {
        await using var backend = Http2WireBackend.Start(async server =>
        {
            var stream = await server.ReadHeadersAsync();
            await server.SendAsync(Http2WireServer.Begin(stream, 200, "", ("content-type", "application/grpc")));
            await server.ReadToEndAsync();
        });
        var host = await ServeAsync(Way.Http2, annotations, backend);
        var ending = new TaskCompletionSource();
        var controller = fixture.Controller(direct: true);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"https://{host}/s/Call")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new PushContent(async stream =>
            {
                await stream.FlushAsync();
                await ending.Task;
            })
            { Headers = { ContentType = new("application/grpc") } },
        };
        using var response = await controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var rest = Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync());
        // The limit for idle streams is longer than that of all requests, which ends the call then.
        Assert.InRange(await fixture.UntilAsync(rest), limit - 1, limit + 100);
        ending.SetResult();
    }

    [Fact]
    public async Task Explain_and_the_routes_show_the_values()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await fixture.ServeAsync(direct: true, "proxy-read-timeout: \"7\", request-timeout: \"90s\", per-try-timeout: \"1500ms\", stream-idle-timeout: \"1h\"", [backend.Port]);
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{fixture.Controller(direct: true).AdminPort}") };

        Assert.Contains(
            "connect 5 s, read 7 s, send 60 s, idle streams 3600 s, each attempt 1.5 s, in total 90 s",
            await admin.GetStringAsync($"/api/explain?url=http://{host}/"), StringComparison.Ordinal);
        Assert.Contains(
            "Connect = 00:00:05, Read = 00:00:07, Send = 00:01:00, StreamIdle = 01:00:00, PerTry = 00:00:01.5000000, Request = 00:01:30",
            await admin.GetStringAsync("/api/routes"), StringComparison.Ordinal);
    }

    private static WireBackend Start(Way way, Func<WireConnection, Task> http1, Func<Http2WireServer, Task> http2) =>
        way == Way.Http2 ? Http2WireBackend.Start(http2) : WireBackend.Start(http1);

    private Task<string> ServeAsync(Way way, string annotations, WireBackend backend) =>
        fixture.ServeAsync(way != Way.HttpClient, annotations, backend, http2: way == Way.Http2);

    private static async Task UploadAsync(WireConnection client, int size)
    {
        var part = new string('b', 1 << 20);
        try
        {
            for (var sent = 0; sent < size; sent += part.Length)
                await client.SendAsync(part);
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException)
        {
            // The proxy has answered.
        }
    }
}
