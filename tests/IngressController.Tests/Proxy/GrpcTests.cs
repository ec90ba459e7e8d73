using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Tests.Proxy;

/// <summary>gRPC on the wire: length-prefixed messages over HTTP/2, with the status in trailers.</summary>
public sealed class GrpcTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static byte[] Frame(string message)
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        Encoding.ASCII.GetBytes(message, frame.AsSpan(5));
        return frame;
    }

    private static async Task<string?> ReadAsync(Stream stream)
    {
        var prefix = new byte[5];
        if (await stream.ReadAtLeastAsync(prefix, 5, throwOnEndOfStream: false) == 0)
            return null;
        var message = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
        await stream.ReadExactlyAsync(message);
        return Encoding.ASCII.GetString(message);
    }

    /// <summary>Responds to each message before the next one arrives. The message "fail" ends the call with status 7.</summary>
    private static async Task ServeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        if (context.Request.Path == "/s/Denied")
        {
            // A call without messages has its status in the headers.
            context.Response.Headers["grpc-status"] = "7";
            return;
        }

        context.Response.DeclareTrailer("grpc-status");
        await context.Response.StartAsync();
        await context.Response.Body.FlushAsync();
        var status = context.Request.Headers.TE == "trailers" ? "0" : "13";
        while (await ReadAsync(context.Request.Body) is { } message)
        {
            if (message == "fail")
            {
                status = "7";
                break;
            }

            await context.Response.Body.WriteAsync(Frame($"echo {message}"));
            await context.Response.Body.FlushAsync();
        }

        context.Response.AppendTrailer("grpc-status", status);
        context.Response.AppendTrailer("grpc-message", "bye");
    }

    private static HttpRequestMessage Call(string host, string method, HttpContent content)
    {
        var request = ProtocolTests.Request(HttpMethod.Post, $"https://{host}/s/{method}", "2.0");
        request.Content = content;
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.Add("TE", "trailers");
        return request;
    }

    [Theory]
    [InlineData("hello", "0")]
    [InlineData("fail", "7")]
    public async Task A_unary_call_receives_its_message_and_status(string message, string status)
    {
        await using var backend = await KestrelBackend.StartAsync(ServeAsync, HttpProtocols.Http2);
        var host = await proxy.ServeAsync([backend.Port], "grpc");
        using var request = Call(host, "Unary", new ByteArrayContent(Frame(message)));
        using var response = await proxy.Controller.Client.SendAsync(request);
        Assert.Equal(status == "0" ? "echo hello" : null, await ReadAsync(await response.Content.ReadAsStreamAsync()));
        Assert.Equal("application/grpc", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(status, response.TrailingHeaders.GetValues("grpc-status").Single());
        Assert.Equal("bye", response.TrailingHeaders.GetValues("grpc-message").Single());
    }

    [Fact]
    public async Task Each_message_of_a_bidirectional_stream_is_forwarded_before_the_next_is_sent()
    {
        await using var backend = await KestrelBackend.StartAsync(ServeAsync, HttpProtocols.Http2);
        var host = await proxy.ServeAsync([backend.Port], "grpc");
        var streams = new TaskCompletionSource<Stream>(TaskCreationOptions.RunContinuationsAsynchronously);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var request = Call(host, "Bidi", new PushContent(async stream =>
        {
            await stream.FlushAsync();
            streams.SetResult(stream);
            await done.Task;
        }));
        var timeout = TimeSpan.FromSeconds(10);
        // Headers arrive before the first message is sent.
        using var response = await proxy.Controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(timeout);
        var sending = await streams.Task;
        var receiving = await response.Content.ReadAsStreamAsync();
        for (var i = 0; i < 20; i++)
        {
            await sending.WriteAsync(Frame($"m{i}"));
            await sending.FlushAsync();
            Assert.Equal($"echo m{i}", await ReadAsync(receiving).WaitAsync(timeout));
        }

        done.SetResult();
        Assert.Null(await ReadAsync(receiving).WaitAsync(timeout));
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task A_status_without_messages_is_forwarded()
    {
        await using var backend = await KestrelBackend.StartAsync(ServeAsync, HttpProtocols.Http2);
        var host = await proxy.ServeAsync([backend.Port], "grpc");
        using var request = Call(host, "Denied", new ByteArrayContent(Frame("x")));
        using var response = await proxy.Controller.Client.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, "7"), (response.StatusCode, response.Headers.GetValues("grpc-status").Single()));
    }

    [Fact]
    public async Task A_call_canceled_by_the_client_is_canceled_at_the_backend()
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var backend = await KestrelBackend.StartAsync(
            async context =>
            {
                context.RequestAborted.Register(() => cancelled.TrySetResult());
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.FlushAsync();
                await cancelled.Task;
            },
            HttpProtocols.Http2);
        var host = await proxy.ServeAsync([backend.Port], "grpc");
        var never = new TaskCompletionSource();
        using var request = Call(host, "Bidi", new PushContent(async stream =>
        {
            await stream.WriteAsync(Frame("x"));
            await stream.FlushAsync();
            await never.Task;
        }));
        using var response = await proxy.Controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var leaving = new CancellationTokenSource();
        var reading = (await response.Content.ReadAsStreamAsync()).ReadAsync(new byte[1], leaving.Token).AsTask();
        await leaving.CancelAsync();
        // The client resets the stream after it has sent its messages.
        never.SetCanceled();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(1, 3, 60)]
    [InlineData(8, 5, 200)]
    [InlineData(20, 15, 200)]
    public async Task A_backend_that_closes_each_connection_after_some_calls_loses_none(int atOnce, int callsPerConnection, int calls)
    {
        await using var backend = Http2WireBackend.Start(async server =>
        {
            var (last, answered) = (Http2WireConnection.AnyStream, 0);
            while (answered < callsPerConnection && await server.ReadRequestAsync() is { } request)
            {
                if (last == Http2WireConnection.AnyStream && server.Streams.Count >= callsPerConnection)
                    await server.GoAwayAsync(last = server.Streams.Order().ElementAt(callsPerConnection - 1));
                // Later streams are not processed.
                if (request.Stream > last)
                    continue;
                await server.AnswerAsync(request.Stream, request.Body, isGrpc: true);
                answered++;
            }

            await server.ReadToEndAsync();
        });
        var host = await proxy.ServeAsync([backend.Port], "grpc");
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async worker =>
        {
            for (var i = worker; i < calls; i += atOnce)
            {
                using var request = Call(host, "Unary", new ByteArrayContent(Frame($"call {i}")));
                using var response = await proxy.Controller.Client.SendAsync(request);
                Assert.True(response.IsSuccessStatusCode, $"call {i}: {response.StatusCode}");
                Assert.Equal($"call {i}", await ReadAsync(await response.Content.ReadAsStreamAsync()));
                Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
            }
        }));
        Assert.InRange(backend.Accepted, calls / callsPerConnection, calls);
    }
}
