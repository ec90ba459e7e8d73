using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using IngressController.Tests.Fakes;
using Xunit.Abstractions;

namespace IngressController.Tests.Edge;

/// <summary>
/// Each wrong answer, through the proxy, to a client of HTTP/1.1 and one of HTTP/2: it gets what the corpus says, and the clients after it get
/// their own answers. All requests share the connections to one backend.
/// </summary>
public sealed class WrongAnswerTests(ProxyFixture proxy, ITestOutputHelper output) : IClassFixture<ProxyFixture>
{
    [Fact]
    public void The_corpus_has_at_least_100_answers_with_names_of_their_own()
    {
        Assert.InRange(WrongAnswers.All.Count, 100, 1000);
        Assert.Equal(WrongAnswers.All.Count, WrongAnswers.All.Select(answer => answer.Name).Distinct().Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_gets_what_the_corpus_says_and_the_next_one_its_own_answer(bool isHttp2)
    {
        var sends = new Sends();
        await using var backend = WireBackend.Start(connection => ServeAsync(connection, sends));
        var host = await proxy.ServeAsync(backend);
        await using var kept = await proxy.ConnectAsync();
        var problems = new List<string>();
        for (var i = 0; i < WrongAnswers.All.Count; i++)
        {
            var answer = WrongAnswers.All[i];
            // Puts a connection into the pool, on which the wrong answer then comes.
            await RightAsync(kept, host, $"before-{i}", problems);
            var (got, head) = isHttp2 ? await GetHttp2Async(host, $"/wrong/{i}") : await GetHttp1Async(host, $"/wrong/{i}");
            if (!IsExpected(answer, got))
                problems.Add($"{answer.Name}: {got.Outcome} {got.Status} '{Short(got.Body)}', not {answer.Outcome} {answer.Status} '{Short(answer.Body)}'");
            if (head.Contains("X-Poison", StringComparison.OrdinalIgnoreCase) || head.Contains("\nSet-Cookie", StringComparison.Ordinal) || (got.Outcome == Outcome.Refused && head.Contains("secret", StringComparison.Ordinal)))
                problems.Add($"{answer.Name}: fields of the backend: {head}");
            // Bytes that arrive while a request waits cannot be told from its response; here the proxy has seen them before it.
            await sends.EndedAsync();
            await RightAsync(kept, host, $"kept-{i}", problems);
            await using var fresh = await proxy.ConnectAsync();
            await RightAsync(fresh, host, $"fresh-{i}", problems);
        }

        output.WriteLine($"{WrongAnswers.All.Count} answers, {backend.Accepted} connections to the backend");
        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    /// <summary>Also where YARP has copied the fields before the failure.</summary>
    [Theory]
    [InlineData("", "Upgrade: tcp\r\nConnection: Upgrade\r\n")]
    [InlineData("", "")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "Upgrade: tcp\r\nConnection: Upgrade\r\n")]
    [InlineData("Connection: Upgrade\r\nUpgrade: tcp\r\n", "Upgrade: h2c\r\nConnection: Upgrade\r\n")]
    public async Task A_switch_that_was_not_asked_for_gives_none_of_its_fields(string asked, string answered)
    {
        var head = $"HTTP/1.1 101 Secret\r\n{WrongAnswers.Mark}\r\nSet-Cookie: a=b\r\n{answered}\r\n";
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(head);
            await connection.ReadToEndAsync();
        });
        var host = await proxy.ServeAsync(backend);
        foreach (var method in new[] { "GET", "POST" })
        {
            var response = await proxy.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\n{asked}{(method == "POST" ? "Content-Length: 4\r\n\r\nbody" : "\r\n")}");
            Assert.Equal("HTTP/1.1 502 Bad Gateway", response.Start);
            Assert.Equal((null, null, null), (response.One("X-Backend"), response.One("Set-Cookie"), response.One("Upgrade")));
            using var request = new HttpRequestMessage(new HttpMethod(method), $"https://{host}/") { Version = new(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            if (method == "POST")
                request.Content = new StringContent("body");
            using var over2 = await proxy.Controller.Client.SendAsync(request);
            Assert.Equal(502, (int)over2.StatusCode);
            Assert.False(over2.Headers.Contains("X-Backend") || over2.Headers.Contains("Set-Cookie"));
        }
    }

    [Fact]
    public async Task A_switch_that_an_extended_CONNECT_did_not_ask_for_gives_none_of_its_fields()
    {
        await using var backend = WireBackend.Answer($"HTTP/1.1 101 Secret\r\n{WrongAnswers.Mark}\r\nSec-WebSocket-Accept: wrong\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        var host = await proxy.ServeAsync(backend);
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        socket.Options.HttpVersion = new Version(2, 0);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() => socket.ConnectAsync(new Uri($"wss://{host}/"), proxy.Controller.Client, CancellationToken.None));
        Assert.Equal(502, (int)socket.HttpStatusCode);
        Assert.DoesNotContain("X-Backend", socket.HttpResponseHeaders!.Keys);
    }

    private static string Short(string body) => body.Length > 40 ? $"{body[..40]}... ({body.Length})" : body;

    private static bool IsExpected(WrongAnswer wanted, WrongAnswer got) => wanted.Outcome switch
    {
        Outcome.Refused => got is { Outcome: Outcome.Refused },
        Outcome.RefusedOrCut => got is { Outcome: Outcome.Refused } || (got.Outcome == Outcome.Cut && got.Status == wanted.Status && wanted.Body.StartsWith(got.Body, StringComparison.Ordinal)),
        _ => got.Outcome == wanted.Outcome && got.Status == wanted.Status && got.Body == wanted.Body,
    };

    private static async Task ServeAsync(WireConnection connection, Sends sends)
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            var path = request.Target.Split('/');
            if (path[1] == "right")
            {
                await connection.SendAsync(WireBackend.Ok(path[2]));
                continue;
            }

            var answer = WrongAnswers.All[int.Parse(path[2], CultureInfo.InvariantCulture)];
            var parts = answer.Bytes.Split('\uffff');
            sends.Begin();
            try
            {
                for (var i = 0; i < parts.Length; i++)
                {
                    if (i > 0)
                        await Task.Delay(30);
                    await connection.SendAsync(parts[i]);
                }

                if (answer.End == AfterAnswer.Resets)
                    connection.Reset();
                else
                    await SeenAsync(connection, answer.End);
            }
            finally
            {
                sends.End();
            }

            if (answer.End != AfterAnswer.Stays)
                return;
        }
    }

    /// <summary>
    /// Waits until the proxy ends the connection, which each of these answers makes it do. The HTTP client looks at a kept connection before it
    /// sends a request on it, not earlier.
    /// </summary>
    private static async Task SeenAsync(WireConnection connection, AfterAnswer end)
    {
        if (!TestController.ForwardsDirectly)
            return;
        if (end == AfterAnswer.Closes)
            connection.ShutdownSend();
        await connection.ReadToEndAsync();
    }

    private static async Task RightAsync(WireConnection client, string host, string token, List<string> problems)
    {
        await client.SendAsync($"GET /right/{token} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        var response = await client.ReadResponseAsync();
        if ((response.Status, response.Body) != (200, token))
            problems.Add($"{token}: {response.Start} '{Short(response.Body)}'");
    }

    private async Task<(WrongAnswer Got, string Head)> GetHttp1Async(string host, string path)
    {
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        WireMessage? head;
        do
        {
            head = await client.ReadHeadAsync();
        }
        while (head is { Status: < 200 });
        if (head is null)
            return (new("", "", Outcome.Cut, Status: 0), "");
        var (rest, wasReset) = await client.ReadUntilClosedAsync();
        var fields = string.Join('\n', head.Fields.Select(field => $"{field.Name}: {field.Value}"));
        var (body, isWhole) = head.One("Transfer-Encoding") is "chunked" ? Unchunk(rest)
            : (rest, head.One("Content-Length") is not { } length || head.Status is 204 or 304 || rest.Length == int.Parse(length, CultureInfo.InvariantCulture));
        return (Seen(head.Status, body, isWhole && !wasReset, fields), fields);
    }

    private async Task<(WrongAnswer Got, string Head)> GetHttp2Async(string host, string path)
    {
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        await client.RequestAsync(1, "GET", host, "https", [], path);
        var (body, heads) = (new StringBuilder(), new List<Http2Frame>());
        while (await client.ReadSignificantAsync() is { } frame)
        {
            if (frame.Type == Http2FrameType.Headers)
                heads.Add(frame);
            if (frame.Type == Http2FrameType.Data)
                body.Append(frame.Text);
            if (frame is { Payload.Length: > 0, Type: Http2FrameType.Data })
                await GiveCreditAsync(client, frame);
            if (frame.EndsStream || frame.Type is Http2FrameType.RstStream or Http2FrameType.GoAway)
            {
                var fields = string.Concat(heads.Select(head => head.Text));
                return (Seen(heads.Count == 0 ? 0 : StatusOf(heads[0].Payload), body.ToString(), frame.EndsStream, fields), fields);
            }
        }

        return (new("", "", Outcome.Cut, Status: 0), "");
    }

    private static async Task GiveCreditAsync(Http2WireConnection client, Http2Frame frame)
    {
        foreach (var window in new[] { 0, frame.Stream })
            await client.SendAsync(Http2FrameType.WindowUpdate, 0, window, BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(frame.Payload.Length)));
    }

    /// <summary>The status at the beginning of a head (RFC 7541, appendix A): some have an index, others are literals.</summary>
    private static int StatusOf(ReadOnlySpan<byte> head) => head[0] switch
    {
        0x88 => 200,
        0x89 => 204,
        0x8a => 206,
        0x8b => 304,
        0x8c => 400,
        0x8d => 404,
        0x8e => 500,
        _ => int.Parse(head[2..5], CultureInfo.InvariantCulture),
    };

    /// <summary>A 502 of the proxy has its text.</summary>
    private static WrongAnswer Seen(int status, string body, bool isWhole, string fields) =>
        new("", fields, !isWhole ? Outcome.Cut : status == 502 && body.StartsWith("502 Bad Gateway", StringComparison.Ordinal) ? Outcome.Refused : Outcome.Complete, status, body);

    /// <summary>The data of chunks, and whether the last one has come.</summary>
    private static (string Body, bool IsWhole) Unchunk(string chunks)
    {
        var body = new StringBuilder();
        while (chunks.IndexOf("\r\n", StringComparison.Ordinal) is >= 0 and var line)
        {
            var size = Convert.ToInt32(chunks[..line], 16);
            if (size == 0)
                return (body.ToString(), chunks.EndsWith("\r\n\r\n", StringComparison.Ordinal));
            body.Append(chunks.AsSpan(line + 2, Math.Min(size, chunks.Length - line - 2)));
            if (chunks.Length < line + size + 4)
                break;
            chunks = chunks[(line + size + 4)..];
        }

        return (body.ToString(), false);
    }

    /// <summary>The wrong answers that the backend sends. A request may be repeated, so there can be several for one.</summary>
    private sealed class Sends
    {
        private readonly SemaphoreSlim _ended = new(0);
        private int _begun;
        private int _awaited;

        public void Begin() => Interlocked.Increment(ref _begun);

        public void End() => _ended.Release();

        /// <summary>Completes when all that began have ended.</summary>
        public async Task EndedAsync()
        {
            for (; _awaited < Volatile.Read(ref _begun); _awaited++)
                Assert.True(await _ended.WaitAsync(TimeSpan.FromSeconds(15)));
        }
    }
}
