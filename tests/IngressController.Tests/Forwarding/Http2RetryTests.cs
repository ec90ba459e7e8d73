using System.Collections.Concurrent;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Forwarding;

/// <summary>A request that an HTTP/2 backend did not process is sent again, with its body.</summary>
public sealed class Http2RetryTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    public static TheoryData<string, string, string> Requests => new()
    {
        { "GET", "\r\n", "" },
        { "POST", "Content-Length: 3\r\n\r\nabc", "abc" },
        { "POST", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc" },
        { "PATCH", "Content-Length: 0\r\n\r\n", "" },
        { "X-CUSTOM", "\r\n", "" },
        { "PUT", $"Content-Length: 60000\r\n\r\n{new string('p', 60_000)}", new string('p', 60_000) },
    };

    private static Func<Http2WireServer, Task> After(int streams, Func<Http2WireServer, int, Task> end) => async server =>
    {
        for (var i = 0; i < streams; i++)
        {
            var request = await server.ReadRequestAsync() ?? throw new EndOfStreamException("closed");
            await server.AnswerAsync(request.Stream, request.Body);
        }

        await end(server, await server.ReadHeadersAsync());
        await server.ReadToEndAsync();
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_after_the_last_stream_of_a_GOAWAY_is_sent_again_on_another_connection(string method, string rest, string body)
    {
        var received = new ConcurrentQueue<Http2WireRequest>();
        await using var backend = Http2WireBackend.Start(After(0, (server, _) => server.GoAwayAsync(0)), Http2WireBackend.Echo(received));
        await AssertServedOnceAsync(await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c"), method, rest, body, received);
        Assert.Equal(2, backend.Accepted);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_after_answered_ones_is_not_lost_when_the_connection_ends(string method, string rest, string body)
    {
        var received = new ConcurrentQueue<Http2WireRequest>();
        await using var backend = Http2WireBackend.Start(After(1, (server, stream) => server.GoAwayAsync(stream - 2)), Http2WireBackend.Echo(received));
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");
        Assert.Equal(200, (await proxy.GetAsync(host)).Status);
        await AssertServedOnceAsync(host, method, rest, body, received);
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_refused_stream_is_sent_again_to_another_endpoint(string method, string rest, string body)
    {
        var received = new ConcurrentQueue<Http2WireRequest>();
        var refused = 0;
        await using var refusing = Http2WireBackend.Start(async server =>
        {
            while (true)
            {
                var stream = await server.ReadHeadersAsync();
                Interlocked.Increment(ref refused);
                await server.ResetAsync(stream, Http2WireServer.RefusedStream);
            }
        });
        await using var backend = Http2WireBackend.Start(Http2WireBackend.Echo(received));
        var host = await proxy.ServeAsync([refusing.Port, backend.Port], "kubernetes.io/h2c");
        for (var i = 0; i < 4; i++)
        {
            await AssertServedOnceAsync(host, method, rest, body, received);
            received.Clear();
        }

        // Each endpoint was first twice, and a refused stream is not offered to the same endpoint again.
        Assert.Equal(2, refused);
    }

    [Fact]
    public async Task A_stream_that_is_refused_while_the_body_is_sent_is_sent_again_from_the_beginning()
    {
        var received = new ConcurrentQueue<Http2WireRequest>();
        var refused = new TaskCompletionSource();
        await using var backend = Http2WireBackend.Start(async server =>
        {
            var stream = await server.ReadHeadersAsync();
            await server.ResetAsync(stream, Http2WireServer.RefusedStream);
            refused.SetResult();
            await Http2WireBackend.Echo(received)(server);
        });
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        await refused.Task;
        await client.SendAsync("6\r\nsecond\r\n0\r\n\r\n");
        var response = await client.ReadResponseAsync();
        Assert.Equal((200, "firstsecond"), (response.Status, response.Body));
        // What the proxy sends before it reads of the refusal reaches the refused stream as well.
        Assert.Equal("firstsecond", Assert.Single(received, request => request.Stream != 1).Body);
    }

    [Fact]
    public async Task A_refused_body_that_is_too_large_to_keep_is_502_and_not_the_clients_fault()
    {
        await using var backend = Http2WireBackend.Start(async server =>
        {
            var request = await server.ReadRequestAsync();
            await server.ResetAsync(request!.Stream, Http2WireServer.RefusedStream);
            await server.ReadToEndAsync();
        });
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");
        var body = new string('b', 65_000);
        Assert.Equal(502, (await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {body.Length * 2}\r\n\r\n{body}{body}")).Status);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(11)]
    public async Task A_reset_that_does_not_say_the_request_was_not_processed_is_502(int error)
    {
        var arrived = 0;
        await using var backend = Http2WireBackend.Start(async server =>
        {
            while (true)
            {
                var stream = await server.ReadHeadersAsync();
                Interlocked.Increment(ref arrived);
                await server.ResetAsync(stream, error);
            }
        });
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");
        // The body is not complete, so that the reset interrupts reading it.
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\nabc");
        Assert.Equal(502, (await client.ReadResponseAsync()).Status);
        Assert.Equal(1, arrived);
    }

    [Fact]
    public async Task A_body_that_comes_after_the_refusal_is_sent_to_the_next_endpoint()
    {
        var refused = new TaskCompletionSource();
        var received = new ConcurrentQueue<Http2WireRequest>();
        await using var backend = Http2WireBackend.Start(
            async server =>
            {
                await server.ResetAsync(await server.ReadHeadersAsync(), Http2WireServer.RefusedStream);
                refused.SetResult();
                await Http2WireBackend.Echo(received)(server);
            });
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\n");
        await refused.Task;
        await client.SendAsync("abc");
        var response = await client.ReadResponseAsync();
        Assert.Equal((200, "abc"), (response.Status, response.Body));
    }

    [Fact]
    public async Task An_endpoint_that_refuses_all_streams_gets_few_retries()
    {
        var arrived = 0;
        await using var backend = Http2WireBackend.Start(async server =>
        {
            while (true)
            {
                var stream = await server.ReadHeadersAsync();
                Interlocked.Increment(ref arrived);
                await server.ResetAsync(stream, Http2WireServer.RefusedStream);
            }
        });
        var host = await proxy.ServeAsync([backend.Port], "kubernetes.io/h2c");
        var started = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(502, (await proxy.GetAsync(host)).Status);
        Assert.Equal(10, arrived);
        for (var i = 1; i < 400; i++)
            Assert.Equal(502, (await proxy.ExchangeAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\nabc")).Status);
        // Each request and its first retry, a fifth of the requests, 100 at once and 10 per second.
        Assert.InRange(arrived, 800, 800 + 80 + 100 + (10 * started.Elapsed.TotalSeconds) + 1);
    }

    private async Task AssertServedOnceAsync(string host, string method, string rest, string body, ConcurrentQueue<Http2WireRequest> received)
    {
        var response = await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}");
        Assert.Equal((200, body), (response.Status, response.Body));
        Assert.Equal(body, Assert.Single(received).Body);
    }
}
