using System.Net;
using IngressController.Tests.Fakes;
using IngressController.Tests.Proxy;

namespace IngressController.Tests.Edge;

/// <summary>An upload that the backend answers before it has read it: the client gets that answer, whatever becomes of the connection.</summary>
public sealed class EarlyAnswerTests(LargeBodiesFixture proxy) : IClassFixture<LargeBodiesFixture>
{
    private const string Refusal = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 10\r\n\r\nnot for ye";

    private const int Large = 8_000_000;

    /// <summary>What a backend does with the connection after its early answer.</summary>
    public enum After
    {
        Resets,
        Closes,
        EndsAndReadsOn,
        EndsAndStays,
        ReadsOn,
        Stays,
    }

    /// <summary>How a client uploads.</summary>
    public enum Upload
    {
        LengthLarge,
        LengthSmall,
        ChunkedLarge,
        ChunkedSmall,
        LengthPart,
        ChunkedPart,
    }

    public static TheoryData<After, Upload, bool> Cases()
    {
        var cases = new TheoryData<After, Upload, bool>();
        // Beside the framing, TLS matters for large uploads only.
        foreach (var after in Enum.GetValues<After>())
        {
            foreach (var upload in Enum.GetValues<Upload>())
            {
                // A body that was sent before the answer leaves the connection to the next request, which this backend does not answer.
                if (after is After.ReadsOn or After.Stays && upload is Upload.LengthSmall or Upload.ChunkedSmall)
                    continue;
                foreach (var tls in upload is Upload.LengthLarge or Upload.ChunkedPart ? new[] { false, true } : [false])
                    cases.Add(after, upload, tls);
            }
        }

        return cases;
    }

    /// <summary>Kestrel uses the objects of a stream again, and a read that still waits when its request ends would fail the next body.</summary>
    [Fact]
    public async Task Uploads_of_one_HTTP2_connection_do_not_fail_each_other()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            while (await connection.ReadHeadAsync() is { } head)
            {
                await connection.SendAsync(WireBackend.Ok("ok"));
                await connection.ReadBodyAsync(head, untilClose: false);
            }
        });
        var host = await proxy.ServeAsync([backend.Port]);

        var statuses = await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            var seen = new HashSet<HttpStatusCode>();
            for (var i = 0; i < 400; i++)
            {
                using var response = await proxy.Controller.Client.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"https://{host}/")
                {
                    Version = HttpVersion.Version20,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                    Content = new StringContent("x"),
                });
                seen.Add(response.StatusCode);
            }

            return seen;
        }));

        Assert.Equal([HttpStatusCode.OK], statuses.SelectMany(seen => seen).Distinct());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_answer_reaches_an_HTTP1_client(After after, Upload upload, bool tls)
    {
        await using var backend = Early(Refusal, after, tls);
        var host = await proxy.ServeAsync([backend.Port], tls ? "https" : null);
        foreach (var isKept in new[] { false, true })
        {
            if (isKept)
                Assert.Equal("kept", (await proxy.GetAsync(host)).Body);
            await using var client = await proxy.ConnectAsync();
            var sending = SendAsync(client, host, upload);
            var response = await client.ReadResponseAsync();
            Assert.Equal((401, "not for ye", "Basic realm=\"r\""), (response.Status, response.Body, response.One("WWW-Authenticate")));
            await client.DisposeAsync();
            await sending;
        }

        // The next request has a connection of its own, and its own answer.
        Assert.Equal("kept", (await proxy.GetAsync(host)).Body);
        Assert.Equal(2, backend.Requests.Count(request => request.Method == "POST"));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_answer_reaches_an_HTTP2_client(After after, Upload upload, bool tls)
    {
        await using var backend = Early(Refusal, after, tls);
        var host = await proxy.ServeAsync([backend.Port], tls ? "https" : null);
        using var end = new CancellationTokenSource();
        using var request = ProtocolTests.Request(HttpMethod.Post, $"https://{host}/", "2.0");
        request.Content = new PushContent(async stream =>
        {
            var block = new byte[100_000];
            var isPart = upload is Upload.LengthPart or Upload.ChunkedPart;
            for (var left = Size(upload) / (isPart ? 2 : 1); left > 0; left -= block.Length)
            {
                await stream.WriteAsync(block.AsMemory(0, Math.Min(left, block.Length)), end.Token);
                await stream.FlushAsync(end.Token);
            }

            if (isPart)
                await Task.Delay(Timeout.Infinite, end.Token);
        });
        if (IsLength(upload))
            request.Content.Headers.ContentLength = Size(upload);
        using var response = await proxy.Controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("not for ye", await response.Content.ReadAsStringAsync().WaitAsync(TimeSpan.FromSeconds(15)));
        await end.CancelAsync();
        Assert.Equal("kept", (await proxy.GetAsync(host)).Body);
        Assert.Single(backend.Requests, sent => sent.Method == "POST");
    }

    [Theory]
    [InlineData("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n", "", After.Resets)]
    [InlineData("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n", "", After.Stays)]
    [InlineData("HTTP/1.1 413 Content Too Large\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbig\r\n0\r\n\r\n", "big", After.Resets)]
    [InlineData("HTTP/1.1 413 Content Too Large\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbig\r\n0\r\n\r\n", "big", After.Stays)]
    [InlineData("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\nbig", "big", After.EndsAndReadsOn)]
    [InlineData("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\nbig", "big", After.EndsAndStays)]
    [InlineData("HTTP/1.0 413 Content Too Large\r\n\r\nbig", "big", After.EndsAndStays)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig", "big", After.Resets)]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig", "big", After.Stays)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 3\r\n\r\nbig", "big", After.Stays)]
    [InlineData("HTTP/1.1 503 Busy\r\nContent-Length: 3\r\n\r\nbig", "big", After.Stays)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbig", "big", After.Resets)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbig", "big", After.Stays)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbig\r\n0\r\n\r\n", "big", After.Stays)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", "", After.Stays)]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbig", "big", After.EndsAndStays)]
    public async Task Any_answer_passes_whole(string answer, string body, After after)
    {
        await using var backend = Early(answer, after, tls: false);
        var host = await proxy.ServeAsync(backend);
        var status = answer[(answer.LastIndexOf("HTTP/1.", StringComparison.Ordinal) + 9)..][..3];
        foreach (var upload in new[] { Upload.LengthLarge, Upload.ChunkedPart })
        {
            await using var client = await proxy.ConnectAsync();
            var sending = SendAsync(client, host, upload);
            WireMessage response;
            do
            {
                response = await client.ReadResponseAsync();
            }
            while (response.Status < 200);
            Assert.Equal((status, body), ($"{response.Status}", response.Body));
            await client.DisposeAsync();
            await sending;
        }

        Assert.Equal("kept", (await proxy.GetAsync(host)).Body);
        Assert.Equal(2, backend.Requests.Count(request => request.Method == "POST"));
    }

    [Fact]
    public async Task A_long_answer_that_comes_in_pieces_passes_whole()
    {
        var body = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"{i:0000} "));
        var answer = $"HTTP/1.1 403 Forbidden\r\nX-Long: {new string('x', 20_000)}\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        await using var backend = WireBackend.Start(async connection =>
        {
            while (await connection.ReadHeadAsync() is { } head)
            {
                if (head.Method == "GET")
                {
                    await connection.SendAsync(WireBackend.Ok("kept"));
                    continue;
                }

                foreach (var piece in new[] { answer[..5], answer[5..11], answer[11..12], answer[12..15], answer[15..100], answer[100..30_000] })
                {
                    await connection.SendAsync(piece);
                    await Task.Delay(10);
                }

                await connection.SendAsync(answer[30_000..]);
                await connection.Stream.ReadExactlyAsync(new byte[1]);
                await Task.Delay(Timeout.Infinite).WaitAsync(TimeSpan.FromSeconds(20));
            }
        });
        var host = await proxy.ServeAsync(backend);
        foreach (var upload in new[] { Upload.LengthLarge, Upload.ChunkedPart })
        {
            Assert.Equal("kept", (await proxy.GetAsync(host)).Body);
            await using var client = await proxy.ConnectAsync();
            var sending = SendAsync(client, host, upload);
            var response = await client.ReadResponseAsync();
            Assert.Equal((403, body, 20_000), (response.Status, response.Body, response.One("X-Long")!.Length));
            await client.DisposeAsync();
            await sending;
        }
    }

    /// <summary>The whole of an upload is sent on while a successful answer is not complete: it can be an answer to each part.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_streams_does_not_end_the_upload(bool tls)
    {
        var received = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task ServeAsync(WireConnection connection)
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            var length = 0;
            while (await connection.ReadChunkAsync() is { Length: > 0 } chunk)
                length += chunk.Length;
            received.SetResult(length);
            await connection.ReadLineAsync();
            await connection.SendAsync("4\r\nlast\r\n0\r\n\r\n");
        }

        await using var backend = tls ? WireBackend.StartTls(ServeAsync) : WireBackend.Start(ServeAsync);
        var host = await proxy.ServeAsync([backend.Port], tls ? "https" : null);
        await using var client = await proxy.ConnectAsync();
        var sending = SendAsync(client, host, Upload.ChunkedLarge);
        var response = await client.ReadResponseAsync();
        Assert.Equal((200, "firstlast"), (response.Status, response.Body));
        Assert.Equal(Large, await received.Task);
        await sending;
    }

    [Fact]
    public async Task The_client_can_go_on_after_the_rest_of_its_upload()
    {
        await using var backend = Early(Refusal, After.Stays, tls: false);
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 200000\r\n\r\n{new string('b', 100_000)}");
            Assert.Equal(401, (await client.ReadResponseAsync()).Status);
            await client.SendAsync(new string('b', 100_000));
        }

        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal("kept", (await client.ReadResponseAsync()).Body);
    }

    [Theory]
    [InlineData(1L << 40)]
    [InlineData(1L << 50)]
    [InlineData(1L << 60)]
    [InlineData(long.MaxValue)]
    public async Task A_length_beyond_all_bounds_costs_no_time(long length)
    {
        await using var backend = Early(Refusal, After.Stays, tls: false);
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\nbody");
        // The HTTP client has to write all of them.
        Assert.Equal(TestController.ForwardsDirectly || length <= 1L << 50 ? 401 : 502, (await client.ReadResponseAsync()).Status);
    }

    private static bool IsLength(Upload upload) => upload is Upload.LengthLarge or Upload.LengthSmall or Upload.LengthPart;

    private static int Size(Upload upload) => upload is Upload.LengthSmall or Upload.ChunkedSmall ? 5_000 : upload is Upload.LengthPart or Upload.ChunkedPart ? 200_000 : Large;

    /// <summary>Answers GET, and POST before it has read more than the head of it.</summary>
    private static WireBackend Early(string answer, After after, bool tls)
    {
        WireBackend? backend = null;
        async Task ServeAsync(WireConnection connection)
        {
            while (await connection.ReadHeadAsync() is { } head)
            {
                backend!.Requests.Enqueue(head);
                if (head.Method == "GET")
                {
                    await connection.SendAsync(WireBackend.Ok("kept"));
                    continue;
                }

                await connection.SendAsync(answer);
                await EndAsync(connection, after);
                return;
            }
        }

        return backend = tls ? WireBackend.StartTls(ServeAsync) : WireBackend.Start(ServeAsync);
    }

    private static async Task EndAsync(WireConnection connection, After after)
    {
        if (after is After.EndsAndReadsOn or After.EndsAndStays)
            connection.ShutdownSend();
        switch (after)
        {
            case After.Resets:
                connection.Reset();
                break;
            case After.EndsAndReadsOn or After.ReadsOn:
                await connection.ReadToEndAsync();
                break;
            case After.EndsAndStays or After.Stays:
                await Task.Delay(TimeSpan.FromSeconds(20));
                break;
        }
    }

    /// <summary>Sends as much as the other side takes; the answer can end it at any time.</summary>
    private static async Task SendAsync(WireConnection client, string host, Upload upload)
    {
        var (size, isPart) = (Size(upload), upload is Upload.LengthPart or Upload.ChunkedPart);
        const int Piece = 100_000;
        try
        {
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\n{(IsLength(upload) ? $"Content-Length: {size}" : "Transfer-Encoding: chunked")}\r\n\r\n");
            for (var left = isPart ? size / 2 : size; left > 0; left -= Piece)
            {
                var piece = new string('b', Math.Min(left, Piece));
                await client.SendAsync(IsLength(upload) ? piece : $"{piece.Length:x}\r\n{piece}\r\n");
            }

            if (!isPart && !IsLength(upload))
                await client.SendAsync("0\r\n\r\n");
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException)
        {
            // The connection has ended after the answer.
        }
    }
}
