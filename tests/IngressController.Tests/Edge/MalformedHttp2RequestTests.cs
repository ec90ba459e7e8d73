using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge;

/// <summary>
/// A malformed request of HTTP/2 is refused alone: the requests in flight on its connection end as they would without it, and so do later
/// ones. Behind a CDN they are those of other people.
/// </summary>
public sealed class MalformedHttp2RequestTests(MalformedHttp2RequestTests.SlowBackend fixture) : IClassFixture<MalformedHttp2RequestTests.SlowBackend>
{
    private const int ProtocolError = 1;

    private const int FlowControlError = 3;

    private const int FrameSizeError = 6;

    private const int CompressionError = 9;

    private static readonly (string Name, string Value)[] Pseudo = [(":method", "GET"), (":scheme", "https"), (":path", "/bad"), (":authority", "HOST")];

    private static readonly Dictionary<string, Malformed> Cases = new()
    {
        ["te: gzip"] = With(("te", "gzip")),
        ["te: Trailers"] = With(("te", "Trailers")),
        ["te: trailers, deflate"] = With(("te", "trailers, deflate")),
        ["connection: close"] = With(("connection", "close")),
        ["connection: empty"] = With(("connection", "")),
        ["keep-alive"] = With(("keep-alive", "timeout=5")),
        ["proxy-connection"] = With(("proxy-connection", "keep-alive")),
        ["upgrade"] = With(("upgrade", "h2c")),
        ["transfer-encoding"] = With(("transfer-encoding", "chunked")),
        ["transfer-encoding with a body"] = With(("transfer-encoding", "chunked")) with { Body = "0\r\n\r\n" },
        ["upper-case name"] = With(("X-Upper", "1")),
        ["upper-case letter at the end of a name"] = With(("x-uppeR", "1")),
        ["upper-case Cookie"] = With(("Cookie", "a=b")),
        ["NUL in a value"] = With(("x-v", "a\0b")),
        ["CR in a value"] = With(("x-v", "a\rb")),
        ["LF in a value"] = With(("x-v", "a\nb")),
        ["CRLF and a field in a value"] = With(("x-v", "a\r\nx-injected: 1")),
        ["NUL in a known field"] = With(("user-agent", "a\0b")),
        ["LF in a cookie"] = With(("cookie", "a=b\n")),
        ["blank before a value"] = With(("x-v", " a")),
        ["blank after a value"] = With(("x-v", "a ")),
        ["tab before a value"] = With(("x-v", "\ta")),
        ["tab after a value"] = With(("x-v", "a\t")),
        ["only a blank"] = With(("x-v", " ")),
        ["empty name"] = With(("", "v")),
        ["blank in a name"] = With(("x v", "1")),
        ["blank after a name"] = With(("x-v ", "1")),
        ["colon in a name"] = With(("x:v", "1")),
        ["colon after a name"] = With(("x-v:", "1")),
        ["CR in a name"] = With(("x\rv", "1")),
        ["LF in a name"] = With(("x\nv", "1")),
        ["NUL in a name"] = With(("x\0v", "1")),
        ["DEL in a name"] = With(("x\x7fv", "1")),
        ["8-bit name"] = With(("x\u00e9", "1")),
        ["quote in a name"] = With(("x\"v", "1")),
        ["parenthesis in a name"] = With(("x(v)", "1")),
        ["content-length: abc"] = With(("content-length", "abc")),
        ["content-length: +5"] = With(("content-length", "+5")),
        ["content-length: -1"] = With(("content-length", "-1")),
        ["content-length: 0x5"] = With(("content-length", "0x5")),
        ["content-length: empty"] = With(("content-length", "")),
        ["content-length: list"] = With(("content-length", "0, 0")),
        ["content-length beyond 64 bits"] = With(("content-length", "99999999999999999999")),
        ["content-length twice"] = With(("content-length", "2"), ("content-length", "2")) with { Body = "ab" },
        ["content-length twice, different"] = With(("content-length", "1"), ("content-length", "2")) with { Body = "ab" },
        ["content-length without a body"] = With(("content-length", "5")),
        ["body shorter than content-length"] = With(("content-length", "5")) with { Body = "abc" },
        ["body longer than content-length"] = With(("content-length", "2")) with { Body = "abc" },
        ["duplicate :method"] = new([(":method", "GET"), .. Pseudo]),
        ["duplicate :path"] = new([.. Pseudo, (":path", "/other")]),
        ["duplicate :scheme"] = new([.. Pseudo, (":scheme", "https")]),
        ["duplicate :authority"] = new([.. Pseudo, (":authority", "HOST")]),
        ["unknown pseudo header"] = new([.. Pseudo, (":unknown", "1")]),
        ["pseudo header that is only a colon"] = new([.. Pseudo, (":", "1")]),
        ["upper-case pseudo header"] = new([(":Method", "GET"), .. Pseudo[1..]]),
        ["late pseudo header"] = new([.. Pseudo[..3], ("x-v", "1"), Pseudo[3]]),
        ["response pseudo header"] = new([.. Pseudo, (":status", "200")]),
        ["without :method"] = new(Pseudo[1..]),
        ["without :scheme"] = new([Pseudo[0], .. Pseudo[2..]]),
        ["without :path"] = new([.. Pseudo[..2], Pseudo[3]]),
        ["only regular fields"] = new([("x-v", "1")]),
        ["no field"] = new([]),
        ["empty :method"] = Changed(":method", ""),
        [":method with a blank"] = Changed(":method", "GE T"),
        [":method with CRLF"] = Changed(":method", "GET / HTTP/1.1\r\nx: "),
        ["empty :path"] = Changed(":path", ""),
        [":path without slash"] = Changed(":path", "bad"),
        [":path with a blank"] = Changed(":path", "/a b"),
        [":path with LF"] = Changed(":path", "/a\nb"),
        [":path with NUL"] = Changed(":path", "/a\0b"),
        [":path with 8 bits"] = Changed(":path", "/\u00e9"),
        [":path with a fragment"] = Changed(":path", "/bad?a#b"),
        ["empty :scheme"] = Changed(":scheme", ""),
        ["bad :scheme"] = Changed(":scheme", "ht tp"),
        [":authority with a blank"] = Changed(":authority", "a b"),
        [":authority with CR"] = Changed(":authority", "HOST\r"),
        ["CONNECT with :path"] = Changed(":method", "CONNECT"),
        ["too many fields"] = With([.. Enumerable.Range(0, 1100).Select(i => ($"x-{i}", "v"))]) with { Status = 431 },
        ["far too many fields"] = With([.. Enumerable.Range(0, 5000).Select(i => ($"x-{i}", "v"))]) with { Status = 431 },
        ["one field that is too large"] = With(("x-v", new string('v', 33 << 10))) with { Status = 431 },
        ["one field that is far too large"] = With(("x-v", new string('v', 90 << 10))) with { Status = 431 },
        ["a name that is too large"] = With((new string('n', 40 << 10), "v")) with { Status = 431 },
        ["fields that are too large together"] = With([.. Enumerable.Range(0, 80).Select(i => ($"x-{i}", new string('v', 1000)))]) with { Status = 431 },
        ["trailers with a pseudo header"] = Trailers((":path", "/")),
        ["trailers with :status"] = Trailers((":status", "200")),
        ["trailers with an unknown pseudo header"] = Trailers((":unknown", "1")),
        ["trailers with an upper-case name"] = Trailers(("X-Upper", "1")),
        ["trailers with LF"] = Trailers(("x-v", "a\nb")),
        ["trailers with NUL"] = Trailers(("x-v", "a\0b")),
        ["trailers with an empty name"] = Trailers(("", "1")),
        ["trailers with a blank in a name"] = Trailers(("x v", "1")),
        ["trailers with connection"] = Trailers(("connection", "close")),
        ["trailers with transfer-encoding"] = Trailers(("transfer-encoding", "chunked")),
        ["trailers with te: gzip"] = Trailers(("te", "gzip")),
        ["trailers without END_STREAM"] = Trailers(("x-v", "1")) with { Rest = "" },
        ["trailers without END_STREAM, then body"] = Trailers(("x-v", "1")) with { Rest = "more" },
        ["malformed trailers without END_STREAM"] = Trailers(("X-V", "1")) with { Rest = "more" },
        ["large trailers without END_STREAM"] = Trailers(("x-v", new string('v', 70 << 10))) with { Rest = "more" },
        ["trailers that are too large"] = Trailers(("x-v", new string('v', 70 << 10))),
    };

    public static TheoryData<string> Names { get; } = [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Malformed_request_is_refused_alone(string name)
    {
        var malformed = Cases[name];
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);
        await client.GetAsync(1, fixture.Host);
        var release = await fixture.Slow.ReadAsync();
        var before = fixture.Bad;

        await client.HeadAsync(3, malformed.Fields.Select(field => (field.Name, field.Value == "HOST" ? fixture.Host : field.Value)), !malformed.HasBody);
        if (malformed.Body is { } body)
            await client.SendAsync(Http2FrameType.Data, (byte)(malformed.TrailerFields is null ? 1 : 0), 3, Encoding.Latin1.GetBytes(body));
        if (malformed.TrailerFields is { } trailers)
            await client.HeadAsync(3, trailers, malformed.Rest is null);
        if (malformed.Rest is { Length: > 0 } rest)
            await client.SendAsync(Http2FrameType.Data, 1, 3, Encoding.Latin1.GetBytes(rest));

        var refused = await client.ReadUntilEndedAsync(3);
        Assert.Equal(malformed.Status == 431 ? "431" : "refused", malformed.Status == 431 ? StatusOf(refused, 3) : Outcome(refused));
        release.SetResult();
        Assert.Equal("200", StatusOf(await client.ReadUntilEndedAsync(1), 1));
        await client.HeadAsync(5, [(":method", "GET"), (":scheme", "https"), (":path", "/fast"), (":authority", fixture.Host)]);
        Assert.Equal("200", StatusOf(await client.ReadUntilEndedAsync(5), 5));
        Assert.Equal(before, fixture.Bad);
    }

    [Theory]
    [InlineData("GET", true)]
    [InlineData("HEAD", false)]
    public async Task Malformed_request_gets_the_reason_and_a_reset(string method, bool hasBody)
    {
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);

        await client.HeadAsync(1, [(":method", method), .. Pseudo[1..3], (":authority", fixture.Host), ("connection", "close")]);

        var frames = await client.ReadUntilEndedAsync(1);
        Assert.Equal("400", StatusOf(frames, 1));
        Assert.Equal(
            hasBody ? "400 Bad Request: HTTP/2 has no Connection, Keep-Alive, Proxy-Connection, Transfer-Encoding and Upgrade\n" : "",
            string.Concat(frames.Where(frame => frame.Type == Http2FrameType.Data).Select(frame => frame.Text)));
        var reset = await client.ReadSignificantAsync();
        Assert.Equal((Http2FrameType.RstStream, 1, 1), (reset!.Type, reset.Stream, reset.Payload[3]));
    }

    [Fact]
    public async Task Malformed_request_without_host_and_route_is_counted()
    {
        await using var controller = await TestController.StartAsync("");
        await using var client = await Http2WireConnection.ConnectAsync(controller.HttpsPort);

        await client.HeadAsync(1, [.. Pseudo[..3], ("te", "gzip")]);

        Assert.Equal("400", StatusOf(await client.ReadUntilEndedAsync(1), 1));
        await client.HeadAsync(3, [.. Pseudo[..3], (":authority", "none.example")]);
        Assert.Equal("404", StatusOf(await client.ReadUntilEndedAsync(3), 3));
        using var admin = new HttpClient();
        Assert.Contains(
            "yarp_ingress_requests_total{namespace=\"\",ingress=\"\",service=\"\",code=\"4xx\"} 2\n",
            await admin.GetStringAsync($"http://127.0.0.1:{controller.AdminPort}/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Malformed_requests_are_logged_at_most_once_a_second()
    {
        await using var controller = await TestController.StartAsync("");
        await using var client = await Http2WireConnection.ConnectAsync(controller.HttpsPort);

        var begin = DateTime.UtcNow;
        for (var stream = 1; stream < 400; stream += 2)
        {
            await client.HeadAsync(stream, [.. Pseudo[..3], ("te", "gzip")]);
            await client.ReadUntilEndedAsync(stream);
        }

        var lines = controller.Log.All.Where(line => line.Contains("rejected with 400: a request of 127.0.0.1: TE has another value than trailers", StringComparison.Ordinal));
        Assert.InRange(lines.Count(), 1, 2 + (int)(DateTime.UtcNow - begin).TotalSeconds);
    }

    /// <summary>The table of the connection goes on with the fields of malformed requests, to which later requests refer.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Compressed_fields_arrive_behind_malformed_requests(int seed)
    {
        var random = new Random(seed);
        var encoder = new HpackTestEncoder(random);
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("ok"));
        var host = await fixture.ServeAsync(backend);
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);
        for (var stream = 1; stream < 120; stream += 2)
        {
            (string Name, string Value)[] fields = [.. Enumerable.Range(0, random.Next(6)).Select(i => ($"x-{i}", new string('v', 1 + random.Next(300))))];
            var isMalformed = random.Next(5) == 0;
            var block = encoder.Encode(
                [(":method", "GET"), (":scheme", "https"), (":path", $"/{random.Next(9)}"), (":authority", host), .. fields, .. isMalformed ? [("x-0", " ")] : Array.Empty<(string, string)>()]);
            backend.Requests.Clear();

            await client.BlockAsync(stream, block, maxFrame: random.Next(2) == 0 ? 16_000 : 1 + random.Next(100));

            Assert.Equal(isMalformed ? "400" : "200", StatusOf(await client.ReadUntilEndedAsync(stream), stream));
            if (isMalformed)
                Assert.Empty(backend.Requests);
            else
                Assert.Equal(fields, Assert.Single(backend.Requests).Fields.Where(field => field.Name.StartsWith("x-", StringComparison.Ordinal) && field.Name.Length == 3));
        }
    }

    [Fact]
    public async Task Body_with_malformed_trailers_does_not_end_at_the_backend()
    {
        var begun = new TaskCompletionSource();
        var rest = new TaskCompletionSource<string>();
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            Assert.Equal("abc", await connection.ReadChunkAsync());
            begun.SetResult();
            rest.SetResult(await connection.ReadToEndAsync());
        });
        var host = await fixture.ServeAsync(backend);
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);

        await client.HeadAsync(1, [(":method", "POST"), .. Pseudo[1..3], (":authority", host)], endsStream: false);
        await client.SendAsync(Http2FrameType.Data, 0, 1, "abc"u8.ToArray());
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(15));
        await client.HeadAsync(1, [("X-Upper", "1")]);

        Assert.Equal("400", StatusOf(await client.ReadUntilEndedAsync(1), 1));
        Assert.Equal((Http2FrameType.RstStream, 1), await client.ReadSignificantAsync() is { } reset ? (reset.Type, reset.Payload[3]) : default);
        Assert.Equal("", await rest.Task.WaitAsync(TimeSpan.FromSeconds(15)));
    }

    [Fact]
    public async Task Trailers_within_a_body_end_a_request_that_is_in_flight_and_the_connection_keeps_its_window()
    {
        const int Window = 1 << 20;
        var begun = new TaskCompletionSource();
        var rest = new TaskCompletionSource<string>();
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.ReadChunkAsync();
            begun.SetResult();
            rest.SetResult(await connection.ReadToEndAsync());
        });
        var host = await fixture.ServeAsync(backend);
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);
        await client.HeadAsync(1, [(":method", "POST"), .. Pseudo[1..3], (":authority", host)], endsStream: false);
        await client.SendAsync(Http2FrameType.Data, 0, 1, "abc"u8.ToArray());
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(15));

        await client.HeadAsync(1, [("x-v", "1")], endsStream: false);

        var frames = await client.ReadUntilEndedAsync(1);
        Assert.Equal((Http2FrameType.RstStream, 1), (frames[^1].Type, frames[^1].Payload[3]));
        Assert.Equal("", await rest.Task.WaitAsync(TimeSpan.FromSeconds(15)));
        // More than the window of the connection: what is sent for the stream that was reset is given back.
        var received = 0;
        for (var stream = 3; received < Window + (Window / 2); stream += 2)
        {
            await client.HeadAsync(stream, [(":method", "POST"), .. Pseudo[1..3], (":authority", fixture.Host)], endsStream: false);
            await client.SendAsync(Http2FrameType.Data, 0, stream, new byte[16_000]);
            await client.HeadAsync(stream, [("x-v", "1")], endsStream: false);
            await client.SendAsync(Http2FrameType.Data, 1, stream, new byte[16_000]);
            received += 32_000;
            Assert.Equal("refused", Outcome(await client.ReadUntilEndedAsync(stream), stream));
        }
    }

    [Fact]
    public async Task Body_with_trailers_ends()
    {
        await using var backend = WireBackend.Answer(request => WireBackend.Ok(request.Body));
        var host = await fixture.ServeAsync(backend);
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);

        await client.HeadAsync(1, [(":method", "POST"), .. Pseudo[1..3], (":authority", host)], endsStream: false);
        await client.SendAsync(Http2FrameType.Data, 0, 1, "abc"u8.ToArray());
        await client.HeadAsync(1, [("x-checksum", "1")]);

        var frames = await client.ReadUntilEndedAsync(1);
        Assert.Equal(("200", "abc"), (StatusOf(frames, 1), string.Concat(frames.Where(frame => frame.Type == Http2FrameType.Data).Select(frame => frame.Text))));
    }

    public static TheoryData<string, int, byte, byte, string, int> ConnectionErrors { get; } = new()
    {
        { "index 0", 1, 0x5, 3, "80", CompressionError },
        { "index beyond the table", 1, 0x5, 3, "828784fe", CompressionError },
        { "block that ends within a field", 1, 0x5, 3, "82878440", CompressionError },
        { "Huffman code with the end of the string", 1, 0x5, 3, "828784000178" + "84ffffffff", CompressionError },
        { "table larger than allowed", 1, 0x5, 3, "3fe21f828784", CompressionError },
        { "padding beyond the frame", 1, 0xd, 3, "05828784", ProtocolError },
        { "CONTINUATION without HEADERS", 9, 0x4, 3, "82", ProtocolError },
        { "HEADERS on stream 0", 1, 0x5, 0, "828784", ProtocolError },
        { "HEADERS on an even stream", 1, 0x5, 4, "828784", ProtocolError },
        { "PUSH_PROMISE", 5, 0x4, 3, "0000000282", ProtocolError },
        { "DATA on an idle stream", 0, 0x1, 9, "00", ProtocolError },
        { "PING of seven bytes", 6, 0, 0, "00000000000000", FrameSizeError },
        { "SETTINGS of five bytes", 4, 0, 0, "0000000000", FrameSizeError },
        { "frame beyond the limit", 1, 0x5, 3, "82" + new string('0', 2 * 16384), FrameSizeError },
        { "window beyond the limit", 8, 0, 0, "7fffffff", FlowControlError },
    };

    /// <summary>What RFC 9113 makes an error of the connection stays one, also behind a malformed request.</summary>
    [Theory]
    [MemberData(nameof(ConnectionErrors))]
    public async Task Error_of_the_connection_ends_it(string name, int type, byte flags, byte stream, string payload, int error)
    {
        foreach (var isAfterMalformed in new[] { false, true })
        {
            await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);
            if (isAfterMalformed)
            {
                await client.HeadAsync(1, [.. Pseudo[..3], ("te", "gzip")]);
                await client.ReadUntilEndedAsync(1);
            }

            await client.SendAsync((Http2FrameType)type, flags, stream, Convert.FromHexString(payload));

            var goAway = await client.ReadSignificantAsync();
            while (goAway is { Type: not Http2FrameType.GoAway })
                goAway = await client.ReadSignificantAsync();
            Assert.True(goAway?.GoAway().Error == error, $"{name}: {goAway}");
        }
    }

    [Fact]
    public async Task Header_block_far_beyond_the_limit_ends_the_connection()
    {
        await using var client = await Http2WireConnection.ConnectAsync(fixture.Controller.HttpsPort);

        await client.HeadAsync(1, [.. Pseudo[..3], ("x-v", new string('v', 140 << 10))]);

        var goAway = await client.ReadSignificantAsync();
        Assert.Equal((Http2FrameType.GoAway, ProtocolError), (goAway!.Type, goAway.GoAway().Error));
    }

    private static string Outcome(Http2Frame[] frames, int stream = 3)
    {
        if (Array.Find(frames, frame => frame.Stream == stream && frame.Type == Http2FrameType.RstStream) is { } reset)
            return reset.Payload[3] == 1 ? "refused" : $"reset with {reset.Payload[3]}";
        var status = StatusOf(frames, stream);
        return status is "400" or "431" ? "refused" : status;
    }

    /// <summary>Kestrel writes common statuses as an index of HPACK's static table, and others as text.</summary>
    private static string StatusOf(Http2Frame[] frames, int stream)
    {
        var head = frames.First(frame => frame.Stream == stream && frame.Type == Http2FrameType.Headers).Payload;
        return head[0] switch { 0x88 => "200", 0x8c => "400", 0x8d => "404", >= 0x80 => $"index {head[0] - 0x80}", _ => Encoding.ASCII.GetString(head, 2, 3) };
    }

    private static Malformed With(params (string, string)[] fields) => new([.. Pseudo, .. fields]);

    private static Malformed Trailers(params (string, string)[] fields) =>
        new([(":method", "POST"), .. Pseudo[1..]]) { Body = "abc", TrailerFields = fields };

    private static Malformed Changed(string name, string value) => new([.. Pseudo.Select(field => field.Name == name ? (name, value) : field)]);

    private sealed record Malformed((string Name, string Value)[] Fields)
    {
        /// <summary>The body; null if the header block ends the stream.</summary>
        public string? Body { get; init; }

        public (string Name, string Value)[]? TrailerFields { get; init; }

        /// <summary>The rest of the body behind trailers that do not end the stream; null if they do.</summary>
        public string? Rest { get; init; }

        /// <summary>The expected status.</summary>
        public int Status { get; init; } = 400;

        public bool HasBody => Body is not null;
    }

    /// <summary>A backend that answers / when a test says so, other paths at once, and counts complete requests for /bad.</summary>
    public sealed class SlowBackend : ProxyFixture, IAsyncLifetime
    {
        private readonly System.Threading.Channels.Channel<TaskCompletionSource> _slow = System.Threading.Channels.Channel.CreateUnbounded<TaskCompletionSource>();
        private WireBackend? _backend;
        private int _bad;

        internal string Host { get; private set; } = "";

        internal int Bad => Volatile.Read(ref _bad);

        /// <summary>The requests for / that wait for their answer.</summary>
        internal System.Threading.Channels.ChannelReader<TaskCompletionSource> Slow => _slow.Reader;

        async Task IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            _backend = WireBackend.Start(ServeAsync);
            Host = await ServeAsync(_backend);
        }

        async Task IAsyncLifetime.DisposeAsync()
        {
            await DisposeAsync();
            await _backend!.DisposeAsync();
        }

        private async Task ServeAsync(WireConnection connection)
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                if (request.Target == "/")
                {
                    var release = new TaskCompletionSource();
                    await _slow.Writer.WriteAsync(release);
                    await release.Task;
                }
                else if (request.Target != "/fast")
                {
                    Interlocked.Increment(ref _bad);
                }

                await connection.SendAsync(WireBackend.Ok("ok"));
            }
        }
    }
}
