using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>Bodies that are not sent, not yet sent, or no longer needed.</summary>
public sealed class ExpectContinueTests(LargeBodiesFixture proxy) : IClassFixture<LargeBodiesFixture>
{
    [Theory]
    [InlineData("417 Expectation Failed")]
    [InlineData("413 Content Too Large")]
    public async Task A_backend_can_refuse_a_body_before_it_is_sent(string status)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            var head = (await connection.ReadHeadAsync())!;
            await connection.SendAsync($"HTTP/1.1 {(head.One("Expect") == "100-continue" ? status : "500 No Expect")}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            await connection.ReadToEndAsync();
        });
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n");

        // No 100 is sent before, so the client does not send its body.
        var response = await connection.ReadResponseAsync();
        Assert.Equal(($"HTTP/1.1 {status}", "no"), (response.Start, response.Body));
    }

    [Fact]
    public async Task A_backend_receives_the_body_after_100_Continue()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            var head = (await connection.ReadHeadAsync())!;
            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            var request = await connection.ReadBodyAsync(head, untilClose: false);
            await connection.SendAsync(WireBackend.Ok(request.Body));
        });
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, (await connection.ReadResponseAsync()).Status);
        await connection.SendAsync("hello");
        var response = await connection.ReadResponseAsync();
        Assert.Equal((200, "hello"), (response.Status, response.Body));
    }

    [Fact]
    public async Task A_local_reply_needs_no_body()
    {
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync("POST / HTTP/1.1\r\nHost: nobody.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(404, (await connection.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task A_small_body_can_be_requested_although_the_backend_refuses_it()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            var head = (await connection.ReadHeadAsync())!;
            await connection.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
            await connection.ReadBodyAsync(head, untilClose: false);
        });
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");

        // The HTTP client sends bodies of up to 1,024 bytes anyway, to keep its connection.
        var response = await connection.ReadResponseAsync();
        if (response.Status == 100)
        {
            await connection.SendAsync("hello");
            response = await connection.ReadResponseAsync();
        }

        Assert.Equal((413, "no"), (response.Status, response.Body));
    }

    [Fact]
    public async Task A_response_before_the_end_of_the_body_reaches_the_client()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            // Closing with an unread body makes the kernel send RST, as with most servers that refuse a body.
        });
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 8000000\r\n\r\n{new string('b', 8_000_000)}");
        var response = await connection.ReadResponseAsync();
        Assert.Equal((413, "no"), (response.Status, response.Body));
    }

    [Fact]
    public async Task A_client_that_disconnects_during_the_response_ends_the_request_to_the_backend()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            await connection.ReadToEndAsync();
            ended.SetResult();
        });
        var host = await proxy.ServeAsync(backend);
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(200, (await connection.ReadHeadAsync())!.Status);
        connection.Reset();
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_client_that_disconnects_before_the_response_ends_the_request_to_the_backend()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            arrived.SetResult();
            await connection.ReadToEndAsync();
            ended.SetResult();
        });
        var host = await proxy.ServeAsync(backend);
        await using (var connection = await proxy.ConnectAsync())
        {
            await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            await arrived.Task.WaitAsync(TimeSpan.FromSeconds(10));
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }
}
