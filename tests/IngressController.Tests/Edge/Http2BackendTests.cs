using System.Text;
using IngressController.Tests.Fakes;
using IngressController.Tests.Proxy;

namespace IngressController.Tests.Edge;

/// <summary>
/// Backends of HTTP/2 that end a stream or the connection: what they have sent before reaches the client, also if all of it comes at once.
/// </summary>
public sealed class Http2BackendTests(LargeBodiesFixture proxy) : IClassFixture<LargeBodiesFixture>
{
    private const int Cancel = 8;

    private const string Part = "The first part of the body, ";

    private static int _names;

    /// <summary>How a backend ends a stream, or with it the connection.</summary>
    public enum End
    {
        ResetWithoutError,
        ResetAsCanceled,
        ResetWithInternalError,
        GoAwayAndClose,
        GoAwayWithErrorAndClose,
        GoAwayAsUnprocessed,
        Close,
        Cut,
    }

    private static string Long { get; } = string.Concat(Enumerable.Range(0, 7_500).Select(i => $"{i:0000000} "));

    public static TheoryData<End, int, bool> Early()
    {
        var cases = new TheoryData<End, int, bool>();
        foreach (var end in Enum.GetValues<End>().Except([End.GoAwayAsUnprocessed]))
        {
            cases.Add(end, 401, false);
            cases.Add(end, 413, true);
        }

        cases.Add(End.ResetWithoutError, 200, false);
        cases.Add(End.Cut, 200, false);
        return cases;
    }

    public static TheoryData<End, bool> Cuts()
    {
        var cases = new TheoryData<End, bool>();
        foreach (var end in Enum.GetValues<End>())
        {
            cases.Add(end, false);
            cases.Add(end, true);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Early))]
    public async Task An_early_answer_reaches_the_client_of_an_upload(End end, int status, bool tls)
    {
        // 413 without a body.
        var body = status == 413 ? "" : "not for ye";
        await using var backend = Serve(tls, (server, stream) => EndAsync(server, stream, end, Http2WireServer.Whole(stream, status, body, ("www-authenticate", "Basic realm=\"r\""))));
        var host = await ServeAsync(backend, tls);
        foreach (var framing in new[] { "Content-Length: 8000000", "Content-Length: 150000", "Transfer-Encoding: chunked" })
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\n{framing}\r\n\r\n");
            var sending = SendAsync(client, framing.StartsWith('C') ? new string('b', 100_000) : $"186a0\r\n{new string('b', 100_000)}\r\n");
            var response = await client.ReadResponseAsync();
            Assert.Equal((status, body, "Basic realm=\"r\""), (response.Status, response.Body, response.One("WWW-Authenticate")));
            await client.DisposeAsync();
            await sending;
        }

        foreach (var length in new long?[] { 150_000, null })
        {
            using var over = new CancellationTokenSource();
            using var request = ProtocolTests.Request(HttpMethod.Post, $"https://{host}/", "2.0");
            request.Content = new PushContent(async stream =>
            {
                await stream.WriteAsync(new byte[100_000], over.Token);
                await stream.FlushAsync(over.Token);
                await Task.Delay(Timeout.Infinite, over.Token);
            });
            request.Content.Headers.ContentLength = length;
            using var response = await proxy.Controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(15));
            Assert.Equal((status, body), ((int)response.StatusCode, await response.Content.ReadAsStringAsync(over.Token).WaitAsync(TimeSpan.FromSeconds(15))));
            await over.CancelAsync();
        }

        Assert.Equal("kept", (await proxy.GetAsync(host)).Body);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task What_arrived_reaches_an_HTTP1_client_and_then_the_cut(End end, bool tls)
    {
        foreach (var (part, length) in new[] { (Part, "100"), (Long, "100000"), (Part, null) })
        {
            await using var backend = Cutting(end, tls, part, length);
            var host = await ServeAsync(backend, tls);
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync($"GET /cut HTTP/1.1\r\nHost: {host}\r\n\r\n");
            var head = await client.ReadHeadAsync();
            Assert.Equal((200, length), (head!.Status, head.One("Content-Length")));
            var (rest, _) = await client.ReadUntilClosedAsync();
            Assert.Equal(part, length is null ? CutAnswerTests.WithoutEnd(rest) : rest);
            Assert.Equal("kept", (await proxy.GetAsync(host)).Body);
        }
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task What_arrived_reaches_an_HTTP2_client_before_the_reset_of_its_stream(End end, bool tls)
    {
        foreach (var (part, length) in new[] { (Part, "100"), (Long, null) })
        {
            await using var backend = Cutting(end, tls, part, length);
            var host = await ServeAsync(backend, tls);
            await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
            await client.RequestAsync(1, "GET", host, "https", [], "/cut");
            var data = new StringBuilder();
            while (await client.ReadSignificantAsync() is { Type: not Http2FrameType.RstStream } frame)
            {
                Assert.False(frame.EndsStream, "ended as if complete");
                if (frame.Type == Http2FrameType.Data)
                    data.Append(frame.Text);
            }

            Assert.Equal(part, data.ToString());
            Assert.Equal("kept", (await proxy.GetAsync(host)).Body);
        }
    }

    /// <summary>The end of a connection is the end of each of its streams, and each has come to another point.</summary>
    [Theory]
    [InlineData(End.GoAwayAndClose, false)]
    [InlineData(End.Close, true)]
    [InlineData(End.Cut, false)]
    [InlineData(End.Cut, true)]
    public async Task The_end_of_a_connection_gives_each_client_what_arrived_for_it(End end, bool tls)
    {
        await using var backend = Start(
            tls,
            async server =>
            {
                var streams = new List<int>();
                while (streams.Count < 4)
                    streams.Add(await server.ReadHeadersAsync());
                // In the order in which the clients below have asked.
                await EndAsync(server, streams[3], end, [.. Http2WireServer.Whole(streams[0], 401, "no"), .. Http2WireServer.Begin(streams[1], 200, Part), .. Http2WireServer.Whole(streams[2], 200, "whole")]);
            },
            KeptAsync);
        var host = await ServeAsync(backend, tls);
        await using var early = await proxy.ConnectAsync();
        await early.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\nabc");
        var clients = new List<WireConnection> { early };
        for (var i = 0; i < 3; i++)
        {
            while (backend.Accepted == 0)
                await Task.Yield();
            await Task.Delay(200);
            var client = await proxy.ConnectAsync();
            clients.Add(client);
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        }

        var refused = await early.ReadResponseAsync();
        Assert.Equal((401, "no"), (refused.Status, refused.Body));
        Assert.Equal(200, (await clients[1].ReadHeadAsync())!.Status);
        Assert.Equal(Part, CutAnswerTests.WithoutEnd((await clients[1].ReadUntilClosedAsync()).Text));
        Assert.Equal("whole", (await clients[2].ReadResponseAsync()).Body);
        Assert.Equal(502, (await clients[3].ReadResponseAsync()).Status);
        Assert.Equal("kept", (await proxy.GetAsync(host)).Body);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    /// <summary>The HTTP client takes the name of a TLS connection from the request's Host, which the client chooses.</summary>
    [Theory]
    [InlineData("grpcs", true)]
    [InlineData("grpc", false)]
    public async Task Hosts_that_clients_name_share_a_connection(string protocol, bool tls)
    {
        const int Hosts = 500;
        var authorities = new HashSet<string>();
        await using var backend = Start(tls, async server =>
        {
            while (true)
            {
                var stream = await server.ReadHeadersAsync();
                var head = server.HeadOf(stream).Text;
                var start = head.IndexOf("host-", StringComparison.Ordinal);
                lock (authorities)
                    authorities.Add(head[start..(head.IndexOf(".example", start, StringComparison.Ordinal) + 8)]);
                await server.AnswerAsync(stream, "ok");
            }
        });
        var name = $"wild{Interlocked.Increment(ref _names)}";
        await proxy.AddAsync(Manifests.Service(name, [backend.Port]) + AnnotatedManifests.Ingress(name, $"*.{name}.example", name, annotations: ("backend-protocol", protocol)));
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < Hosts; i++)
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: host-{i}.{name}.example\r\n\r\n");
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }

        Assert.Equal(Enumerable.Range(0, Hosts).Select(i => $"host-{i}.{name}.example").Order(), authorities.Order());
        Assert.InRange(backend.Accepted, 1, 4);
    }

    private static WireBackend Cutting(End end, bool tls, string part, string? length) => Serve(tls, (server, stream) =>
        EndAsync(server, stream, end, Http2WireServer.Begin(stream, 200, "", length is null ? [] : [("content-length", length)]), Frames(stream, part)));

    private static byte[] Frames(int stream, string part) =>
        [.. part.Chunk(16_000).SelectMany(piece => Http2WireConnection.Frame(Http2FrameType.Data, 0, stream, Encoding.Latin1.GetBytes(piece)))];

    /// <summary>Answers requests with "kept", but those that upload, or ask for /cut, as a test says.</summary>
    private static WireBackend Serve(bool tls, Func<Http2WireServer, int, Task> serve) => Start(tls, async server =>
    {
        while (true)
        {
            var stream = await server.ReadHeadersAsync();
            var head = server.HeadOf(stream);
            if (head.EndsStream && !head.Text.Contains("/cut", StringComparison.Ordinal))
                await server.AnswerAsync(stream, "kept");
            else
                await serve(server, stream);
        }
    });

    private static WireBackend Start(bool tls, params Func<Http2WireServer, Task>[] serve) => tls ? Http2WireBackend.StartTls(serve) : Http2WireBackend.Start(serve);

    private static async Task KeptAsync(Http2WireServer server)
    {
        while (true)
            await server.AnswerAsync(await server.ReadHeadersAsync(), "kept");
    }

    /// <summary>Sends the frames and the end in one write.</summary>
    private static async Task EndAsync(Http2WireServer server, int stream, End end, params byte[][] frames)
    {
        byte[] last = end switch
        {
            End.ResetWithoutError => Http2WireServer.Reset(stream, Http2WireServer.NoError),
            End.ResetAsCanceled => Http2WireServer.Reset(stream, Cancel),
            End.ResetWithInternalError => Http2WireServer.Reset(stream, 2),
            End.GoAwayAndClose => Http2WireServer.GoAway(stream, Http2WireServer.NoError),
            End.GoAwayWithErrorAndClose => Http2WireServer.GoAway(stream, 11),
            End.GoAwayAsUnprocessed => Http2WireServer.GoAway(0, Http2WireServer.NoError),
            _ => [],
        };
        await server.SendAsync([.. frames, last]);
        if (end == End.Cut)
            server.Cut();
        if (end is not (End.ResetWithoutError or End.ResetAsCanceled or End.ResetWithInternalError))
            throw new EndOfStreamException("the backend closes the connection");
    }

    private async Task<string> ServeAsync(WireBackend backend, bool tls)
    {
        var name = $"http2-{Interlocked.Increment(ref _names)}";
        await proxy.AddAsync(Manifests.Service(name, [backend.Port]) + AnnotatedManifests.Ingress(name, $"{name}.example", name, annotations: ("backend-protocol", tls ? "GRPCS" : "GRPC")));
        return $"{name}.example";
    }

    /// <summary>Sends as much as the other side takes; the answer can end it at any time.</summary>
    private static async Task SendAsync(WireConnection client, string bytes)
    {
        try
        {
            await client.SendAsync(bytes);
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException)
        {
            // The connection has ended after the answer.
        }
    }
}
