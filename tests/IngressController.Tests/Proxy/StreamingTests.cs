using System.Diagnostics;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit.Abstractions;

namespace IngressController.Tests.Proxy;

/// <summary>The collection of tests that measure memory or time and do not run in parallel with others.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class RunsAlone;

/// <summary>Bodies are streamed without delay and without unbounded buffering.</summary>
[Collection("alone")]
public sealed class StreamingTests(LargeBodiesFixture proxy, ITestOutputHelper output) : IClassFixture<LargeBodiesFixture>
{
    private const long Large = 512L * 1024 * 1024;

    [Theory]
    [InlineData("1.1", "http")]
    [InlineData("2.0", "https")]
    public async Task Each_event_is_forwarded_before_the_next_is_sent(string version, string scheme)
    {
        using var next = new SemaphoreSlim(0);
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var i = 0; i < 10; i++)
            {
                await next.WaitAsync(TimeSpan.FromSeconds(10));
                await connection.SendAsync($"9\r\ndata: {i}\n\n\r\n");
            }

            await connection.SendAsync("0\r\n\r\n");
        });
        var host = await proxy.ServeAsync(backend);
        using var request = ProtocolTests.Request(HttpMethod.Get, $"{scheme}://{host}/", version);
        // The head arrives before the first event: it opens the EventSource.
        using var response = await proxy.Controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(10));
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());
        for (var i = 0; i < 10; i++)
        {
            next.Release();
            Assert.Equal($"data: {i}", await events.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
            Assert.Equal("", await events.ReadLineAsync());
        }

        Assert.Null(await events.ReadLineAsync());
    }

    [Fact]
    public async Task Each_chunk_of_an_upload_is_forwarded_before_the_next_is_sent()
    {
        var received = new SemaphoreSlim(0);
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            while (await connection.ReadChunkAsync() is { Length: > 0 })
                received.Release();
            await connection.ReadLineAsync();
            await connection.SendAsync(WireBackend.Ok("ok"));
        });
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var i = 0; i < 10; i++)
        {
            await connection.SendAsync("5\r\nhello\r\n");
            Assert.True(await received.WaitAsync(TimeSpan.FromSeconds(10)));
        }

        await connection.SendAsync("0\r\n\r\n");
        Assert.Equal(200, (await connection.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task Half_a_gigabyte_streams_in_both_directions_in_bounded_memory()
    {
        await using var backend = await KestrelBackend.StartAsync(context => ServeAsync(context, Large));
        var host = await proxy.ServeAsync([backend.Port]);
        var start = Stopwatch.GetTimestamp();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var peak = before;

        await using var download = await proxy.ConnectAsync();
        await download.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        var head = (await download.ReadHeadAsync())!;
        Assert.Equal($"{Large}", head.One("Content-Length"));
        var left = Large - (await download.ReadTextAsync(1)).Length - download.Buffered;
        var buffer = new byte[256 * 1024];
        while (left > 0 && await download.Stream.ReadAsync(buffer) is > 0 and var read)
        {
            left -= read;
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
        }

        Assert.Equal(0, left);

        await using var upload = await proxy.ConnectAsync();
        await upload.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {Large}\r\n\r\n");
        for (long sent = 0; sent < Large; sent += buffer.Length)
        {
            await upload.Stream.WriteAsync(buffer);
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
        }

        Assert.Equal($"{Large}", (await upload.ReadResponseAsync()).Body);
        output.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s, heap at most {(peak - before) >> 20} MiB above {before >> 20} MiB");
        Assert.InRange(peak - before, long.MinValue, 48 * 1024 * 1024);
    }

    [Fact]
    public async Task HTTP_2_on_both_sides_streams_in_both_directions_in_bounded_memory()
    {
        const long Size = Large / 4;
        await using var backend = await KestrelBackend.StartAsync(context => ServeAsync(context, Size), HttpProtocols.Http2);
        var host = await proxy.ServeAsync([backend.Port], "h2c");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var peak = before;
        var buffer = new byte[256 * 1024];
        using var get = ProtocolTests.Request(HttpMethod.Get, $"https://{host}/", "2.0");
        using var download = await proxy.Controller.Client.SendAsync(get, HttpCompletionOption.ResponseHeadersRead);
        var body = await download.Content.ReadAsStreamAsync();
        long received = 0;
        while (await body.ReadAsync(buffer) is > 0 and var read)
        {
            received += read;
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
        }

        Assert.Equal(Size, received);
        using var post = ProtocolTests.Request(HttpMethod.Post, $"https://{host}/", "2.0");
        post.Content = new PushContent(async stream =>
        {
            for (long sent = 0; sent < Size; sent += buffer.Length)
            {
                await stream.WriteAsync(buffer);
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
            }
        });
        using var upload = await proxy.Controller.Client.SendAsync(post);
        Assert.Equal($"{Size}", await upload.Content.ReadAsStringAsync());
        output.WriteLine($"heap at most {(peak - before) >> 20} MiB above {before >> 20} MiB");
        // The windows of three HTTP/2 connections in one process can grow to 16 MiB each.
        Assert.InRange(peak - before, long.MinValue, 64 * 1024 * 1024);
    }

    /// <summary>Counts the bytes of an upload, or sends a download, with a buffer of one block.</summary>
    private static async Task ServeAsync(HttpContext context, long size)
    {
        var block = new byte[256 * 1024];
        if (HttpMethods.IsPost(context.Request.Method))
        {
            long total = 0;
            while (await context.Request.Body.ReadAsync(block) is > 0 and var read)
                total += read;
            await context.Response.WriteAsync($"{total}");
            return;
        }

        context.Response.ContentLength = size;
        for (long sent = 0; sent < size; sent += block.Length)
            await context.Response.Body.WriteAsync(block);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_side_that_does_not_read_stalls_the_other(bool clientStalls)
    {
        long sent = 0;
        var stalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            if (clientStalls)
            {
                await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Large}\r\n\r\n");
                await SendUntilStalledAsync(connection.Stream);
            }

            await stalled.Task;
        });
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {(clientStalls ? 0 : Large)}\r\n\r\n");
        if (!clientStalls)
            await SendUntilStalledAsync(connection.Stream);
        await stalled.Task.WaitAsync(TimeSpan.FromSeconds(20));

        output.WriteLine($"stalled after {Interlocked.Read(ref sent) >> 10} KiB");
        // At most the socket buffers of both sides.
        Assert.InRange(Interlocked.Read(ref sent), 1, 48 * 1024 * 1024);

        async Task SendUntilStalledAsync(Stream stream)
        {
            var block = new byte[64 * 1024];
            while (Interlocked.Read(ref sent) < Large)
            {
                using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                try
                {
                    await stream.WriteAsync(block, timeout.Token);
                }
                catch (OperationCanceledException)
                {
                    break;
                }

                Interlocked.Add(ref sent, block.Length);
            }

            stalled.SetResult();
        }
    }
}
