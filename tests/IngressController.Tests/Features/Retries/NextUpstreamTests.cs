using System.Collections.Concurrent;
using IngressController.Tests.Fakes;
using IngressController.Tests.Features.Timeouts;

namespace IngressController.Tests.Features.Retries;

/// <summary>proxy-next-upstream: what is repeated and what is not, with either forwarder, to endpoints of HTTP/1.1 and HTTP/2.</summary>
public sealed class NextUpstreamTests(TimeoutsFixture fixture) : IClassFixture<TimeoutsFixture>
{
    private const string Body = "Content-Length: 5\r\n\r\nhello";

    public static TheoryData<Way, string, string, string, int> Statuses
    {
        get
        {
            var data = new TheoryData<Way, string, string, string, int>();
            foreach (var way in Enum.GetValues<Way>())
            {
                foreach (var status in new[] { 500, 502, 503, 504, 403, 404, 429 })
                    data.Add(way, $"http_{status}", "GET", "\r\n", status);
                data.Add(way, "error http_503", "PUT", Body, 503);
                data.Add(way, "http_503", "DELETE", "\r\n", 503);
                data.Add(way, "http_503 non_idempotent", "POST", Body, 503);
                data.Add(way, "http_500 non_idempotent", "PATCH", Body, 500);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task A_response_with_a_named_status_is_discarded_and_another_endpoint_gets_the_request(Way way, string conditions, string method, string rest, int status)
    {
        var received = new ConcurrentQueue<string>();
        await using var bad = Answer(way, received, status, "bad");
        await using var good = Answer(way, received, 200, "good");
        var host = await ServeAsync(way, $"proxy-next-upstream: \"{conditions}\"", bad, good);
        for (var i = 0; i < 4; i++)
        {
            var response = await SendAsync(way, $"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}");
            Assert.Equal((200, "good", null), (response.Status, response.Body, response.One("X-Bad")));
        }

        Assert.InRange(received.Count, 5, 8);
        Assert.All(received, body => Assert.Equal(rest == Body ? "hello" : "", body));
    }

    [Theory]
    [InlineData("http_502", "GET", "\r\n", 503)]
    [InlineData("error timeout", "GET", "\r\n", 503)]
    [InlineData("http_503", "POST", Body, 503)]
    [InlineData("http_503", "PATCH", "Content-Length: 0\r\n\r\n", 503)]
    [InlineData("http_503", "LOCK", "\r\n", 503)]
    [InlineData("http_503", "X-CUSTOM", "\r\n", 503)]
    [InlineData("off", "GET", "\r\n", 503)]
    [InlineData("http_500 non_idempotent off", "GET", "\r\n", 500)]
    [InlineData(null, "GET", "\r\n", 503)]
    public async Task Other_responses_are_passed_on_and_the_request_is_sent_once(string? conditions, string method, string rest, int status)
    {
        foreach (var way in Enum.GetValues<Way>())
        {
            var received = new ConcurrentQueue<string>();
            await using var first = Answer(way, received, status, "bad");
            await using var second = Answer(way, received, status, "bad");
            var host = await ServeAsync(way, conditions is null ? "" : $"proxy-next-upstream: \"{conditions}\"", first, second);
            var response = await SendAsync(way, $"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}");
            Assert.Equal((status, "bad", "1"), (response.Status, response.Body, response.One("X-Bad")));
            Assert.Single(received);
        }
    }

    [Theory]
    [InlineData("3", 3)]
    [InlineData("2", 2)]
    [InlineData("1", 1)]
    public async Task The_response_of_the_last_attempt_is_passed_on(string tries, int attempts)
    {
        foreach (var way in Enum.GetValues<Way>())
        {
            var received = new ConcurrentQueue<string>();
            await using var first = Answer(way, received, 503, "bad");
            await using var second = Answer(way, received, 503, "bad");
            var host = await ServeAsync(way, $"proxy-next-upstream: http_503, proxy-next-upstream-tries: \"{tries}\"", first, second);
            var response = await SendAsync(way, $"PUT / HTTP/1.1\r\nHost: {host}\r\n{Body}");
            Assert.Equal((503, "bad", "1"), (response.Status, response.Body, response.One("X-Bad")));
            Assert.Equal(attempts, received.Count);
        }
    }

    [Theory]
    [InlineData("error", "GET", "\r\n", true)]
    [InlineData("error", "PUT", Body, true)]
    [InlineData("error non_idempotent", "POST", Body, true)]
    [InlineData("error", "POST", Body, false)]
    [InlineData("error timeout http_502 http_503", "POST", Body, false)]
    [InlineData("error", "LOCK", "\r\n", false)]
    [InlineData("timeout http_502", "GET", "\r\n", false)]
    [InlineData("non_idempotent", "GET", "\r\n", false)]
    [InlineData(null, "GET", "\r\n", false)]
    public async Task A_connection_that_ends_after_the_request_was_sent(string? conditions, string method, string rest, bool isRepeated)
    {
        foreach (var way in Enum.GetValues<Way>())
        {
            var arrived = 0;
            await using var first = Dying(way, () => Interlocked.Increment(ref arrived));
            await using var second = Dying(way, () => Interlocked.Increment(ref arrived));
            var host = await ServeAsync(way, conditions is null ? "" : $"proxy-next-upstream: {conditions}", first, second);
            Assert.Equal(502, (await SendAsync(way, $"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}")).Status);
            Assert.Equal(isRepeated ? 3 : 1, arrived);
        }
    }

    [Theory]
    [InlineData("invalid_header", "GET", true)]
    [InlineData("error timeout", "GET", false)]
    [InlineData("invalid_header", "POST", false)]
    public async Task A_response_with_an_invalid_head(string conditions, string method, bool isRepeated)
    {
        foreach (var way in new[] { Way.Direct, Way.HttpClient })
        {
            var arrived = 0;
            await using var backend = WireBackend.Start(async connection =>
            {
                await connection.ReadRequestAsync();
                await connection.SendAsync(Interlocked.Increment(ref arrived) == 1 ? "HTTP/1.1 999999 NO\r\n\r\n" : WireBackend.Ok("ok"));
                await connection.ReadToEndAsync();
            });
            var host = await ServeAsync(way, $"proxy-next-upstream: {conditions}", backend);
            Assert.Equal(isRepeated ? 200 : 502, (await SendAsync(way, $"{method} / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n")).Status);
            Assert.Equal(isRepeated ? 2 : 1, arrived);
        }
    }

    [Theory]
    [InlineData("timeout", "GET", "\r\n", true)]
    [InlineData("timeout", "PUT", Body, true)]
    [InlineData("timeout non_idempotent", "POST", Body, true)]
    [InlineData("timeout", "POST", Body, false)]
    [InlineData("error", "GET", "\r\n", false)]
    [InlineData(null, "GET", "\r\n", false)]
    public async Task An_endpoint_that_does_not_respond_in_time(string? conditions, string method, string rest, bool isRepeated)
    {
        foreach (var way in Enum.GetValues<Way>())
        {
            foreach (var limit in new[] { "proxy-read-timeout: \"10\"", "per-try-timeout: \"10s\"" })
            {
                var received = new ConcurrentQueue<string>();
                await using var silent = Silent(way, received);
                await using var good = Answer(way, received, 200, "good");
                var host = await ServeAsync(way, conditions is null ? limit : $"proxy-next-upstream: {conditions}, {limit}", silent, good);
                // One of two requests meets the endpoint that is silent.
                var statuses = new List<int>();
                for (var i = 0; i < 2; i++)
                {
                    var response = SendAsync(way, $"{method} / HTTP/1.1\r\nHost: {host}\r\n{rest}");
                    await fixture.UntilAsync(response);
                    statuses.Add((await response).Status);
                }

                Assert.Equal(isRepeated ? [200, 200] : [200, 504], statuses.Order());
                Assert.Equal(isRepeated ? 3 : 2, received.Count);
            }
        }
    }

    [Theory]
    [InlineData(Way.Direct)]
    [InlineData(Way.HttpClient)]
    public async Task A_time_out_on_a_kept_connection_is_not_taken_for_its_end(Way way)
    {
        var received = 0;
        await using var backend = WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                if (Interlocked.Increment(ref received) == 1)
                    await connection.SendAsync(WireBackend.Ok("ok"));
            }
        });
        var host = await ServeAsync(way, "proxy-read-timeout: \"10\"", backend);
        Assert.Equal(200, (await SendAsync(way, $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).Status);
        var response = SendAsync(way, $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        await fixture.UntilAsync(response);
        Assert.Equal((504, 2, 1), ((await response).Status, received, backend.Accepted));
    }

    [Theory]
    [InlineData("proxy-next-upstream-timeout: \"15\"", 2)]
    [InlineData("proxy-next-upstream-timeout: \"5\"", 1)]
    [InlineData("proxy-next-upstream-timeout: \"0\"", 4)]
    [InlineData("request-timeout: 15s", 2)]
    public async Task No_attempt_begins_after_the_time_for_all_of_them(string limit, int attempts)
    {
        foreach (var way in Enum.GetValues<Way>())
        {
            var received = new ConcurrentQueue<string>();
            await using var silent = Silent(way, received);
            var host = await ServeAsync(way, $"proxy-next-upstream: timeout, proxy-next-upstream-tries: \"4\", per-try-timeout: 10s, {limit}", silent);
            var response = SendAsync(way, $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            await fixture.UntilAsync(response);
            Assert.Equal(504, (await response).Status);
            // The clock is noticed late on a busy machine, which leaves less time for others.
            Assert.InRange(received.Count, Math.Min(attempts, 1), attempts);
        }
    }

    [Theory]
    [InlineData(null, 60_000, true)]
    [InlineData(null, 70_000, false)]
    [InlineData("8k", 8_000, true)]
    [InlineData("8k", 8_193, false)]
    [InlineData("256k", 200_000, true)]
    [InlineData("0", 1, false)]
    public async Task A_body_is_repeated_if_the_buffer_has_room_for_it(string? size, int length, bool isRepeated)
    {
        foreach (var way in Enum.GetValues<Way>())
        {
            foreach (var isChunked in new[] { false, true })
            {
                var received = new ConcurrentQueue<string>();
                await using var backend = Answer(way, received, 503, "bad");
                var host = await ServeAsync(way, $"proxy-next-upstream: http_503{(size is null ? "" : $", retry-buffer-size: {size}")}", backend);
                var body = new string('b', length);
                var response = await SendAsync(way, isChunked
                    ? $"PUT / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
                    : $"PUT / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n{body}");
                Assert.Equal((503, "bad"), (response.Status, response.Body));
                Assert.Equal(Enumerable.Repeat(body, isRepeated ? 3 : 1), received);
            }
        }
    }

    [Theory]
    [InlineData("respect", "3", 3, 2)]
    [InlineData("respect", "0", 0, 2)]
    [InlineData("respect", "11", 0, 1)]
    [InlineData("respect", "soon", 0, 2)]
    [InlineData("respect", null, 0, 2)]
    [InlineData("respect", "Tue, 01 Jan 2030 00:00:00 GMT", 0, 2)]
    [InlineData("respect", "Fri, 01 Jan 2100 00:00:00 GMT", 0, 1)]
    [InlineData("ignore", "3", 0, 2)]
    [InlineData("ignore", "3600", 0, 2)]
    public async Task Retry_After_of_the_endpoint(string retryAfter, string? field, int seconds, int attempts)
    {
        foreach (var way in Enum.GetValues<Way>())
        {
            var received = new ConcurrentQueue<string>();
            await using var backend = Answer(way, received, 503, "bad", field is null ? [] : [("retry-after", field)]);
            var host = await ServeAsync(way, $"proxy-next-upstream: http_503, proxy-next-upstream-tries: \"2\", retry-after: {retryAfter}", backend);
            var response = SendAsync(way, $"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            Assert.InRange(await fixture.UntilAsync(response), seconds, 60);
            Assert.Equal((503, attempts), ((await response).Status, received.Count));
            Assert.Equal(field, (await response).One("Retry-After"));
        }
    }

    [Fact]
    public async Task Explain_and_the_routes_show_the_values()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await ServeAsync(
            Way.Direct, "proxy-next-upstream: error http_503, proxy-next-upstream-tries: 5, proxy-next-upstream-timeout: 20, retry-buffer-size: 8k, retry-after: respect", backend);
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{fixture.Controller(direct: true).AdminPort}") };

        Assert.Contains(
            "at most 5 attempts, after error http_503, none begins after 20 s, bodies of at most 8192 bytes, after the time in Retry-After",
            await admin.GetStringAsync($"/api/explain?url=http://{host}/"), StringComparison.Ordinal);
        Assert.Contains(
            "MaxTries = 5, Conditions = Error, Http503, Timeout = 00:00:20, BufferSize = 8192, RespectsRetryAfter = True",
            await admin.GetStringAsync("/api/routes"), StringComparison.Ordinal);
    }

    private static WireBackend Answer(Way way, ConcurrentQueue<string> received, int status, string body, params (string Name, string Value)[] fields)
    {
        (string, string)[] all = status == 200 ? fields : [("x-bad", "1"), .. fields];
        return way == Way.Http2
            ? Http2WireBackend.Start(async server =>
            {
                while (await server.ReadRequestAsync() is { } request)
                {
                    received.Enqueue(request.Body);
                    await server.SendAsync(Http2WireServer.Whole(request.Stream, status, body, all));
                }
            })
            : WireBackend.Answer(request =>
            {
                received.Enqueue(request.Body);
                return $"HTTP/1.1 {status} X\r\n{string.Concat(all.Select(field => $"{field.Item1}: {field.Item2}\r\n"))}Content-Length: {body.Length}\r\n\r\n{body}";
            });
    }

    /// <summary>Reads requests and ends the connection.</summary>
    private static WireBackend Dying(Way way, Action arrived) => way == Way.Http2
        ? Http2WireBackend.Start(async server =>
        {
            await server.ReadRequestAsync();
            arrived();
            server.Cut();
        })
        : WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            arrived();
            connection.Reset();
        });

    /// <summary>Reads requests and does not respond.</summary>
    private static WireBackend Silent(Way way, ConcurrentQueue<string> received) => way == Way.Http2
        ? Http2WireBackend.Start(async server =>
        {
            while (await server.ReadRequestAsync() is { } request)
                received.Enqueue(request.Body);
        })
        : WireBackend.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
                received.Enqueue(request.Body);
        });

    private Task<string> ServeAsync(Way way, string annotations, params WireBackend[] backends) =>
        fixture.ServeAsync(way != Way.HttpClient, Quoted(annotations), backends.Select(backend => backend.Port), way == Way.Http2);

    /// <summary>Values of annotations are texts.</summary>
    private static string Quoted(string annotations) =>
        System.Text.RegularExpressions.Regex.Replace(annotations, @"(^|, )([a-z0-9-]+): ([^"",]+)", "$1$2: \"$3\"");

    private async Task<WireMessage> SendAsync(Way way, string request)
    {
        await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
        await client.SendAsync(request);
        return await client.ReadResponseAsync();
    }
}
