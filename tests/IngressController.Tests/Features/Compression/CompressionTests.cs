using System.IO.Compression;
using System.Text;
using IngressController.Features.Compression;
using IngressController.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Tests.Features.Compression;

/// <summary>compression over sockets, whichever way requests are forwarded.</summary>
public abstract class CompressionTests(CompressionFixture proxy)
{
    private static readonly string Text = string.Concat(Enumerable.Range(0, 200).Select(i => $"line {i} of a text\n"));

    private static string Response(string fields, string? body = null, int status = 200) =>
        $"HTTP/1.1 {status} X\r\n{fields}Content-Length: {(body ?? Text).Length}\r\n\r\n{body ?? Text}";

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("GZIP", "gzip")]
    [InlineData("x-gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("br;q=0.5, gzip;q=0.8", "gzip")]
    [InlineData("*", "br")]
    [InlineData("*;q=0.1, gzip", "gzip")]
    [InlineData("gzip;q=0, *", "br")]
    [InlineData("br;q=0, gzip;q=0.001", "gzip")]
    [InlineData("identity;q=0, gzip", "gzip")]
    [InlineData("gzip, identity", "gzip")]
    [InlineData("gzip;q=0.5, identity;q=0.5", "gzip")]
    [InlineData("gzip;q=0.5, identity;q=0.8", null)]
    [InlineData("gzip;q=0", null)]
    [InlineData("gzip;q=many", null)]
    [InlineData("gzip;q=2", null)]
    [InlineData("deflate, zstd", null)]
    [InlineData("identity", null)]
    [InlineData("gzipped", null)]
    [InlineData("", null)]
    public async Task The_coding_is_one_that_the_client_accepts(string accepted, string? coding)
    {
        await using var backend = WireBackend.Answer(Response("Content-Type: text/plain\r\nETag: \"a\"\r\nAccept-Ranges: bytes\r\n"));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip, br"));
        var response = await proxy.GetAsync(host, "/", accepted.Length == 0 ? "" : $"Accept-Encoding: {accepted}\r\n");
        Assert.Equal((200, coding, "Accept-Encoding", Text), (response.Status, response.One("Content-Encoding"), response.One("Vary"), CompressionFixture.Decode(response)));
        Assert.Equal(coding is null ? ($"{Text.Length}", "\"a\"", "bytes") : (null, "W/\"a\"", null), (response.One("Content-Length"), response.One("ETag"), response.One("Accept-Ranges")));
        if (coding is not null)
            Assert.True(response.Body.Length < Text.Length / 2, $"{response.Body.Length} bytes");
    }

    [Theory]
    [InlineData("Content-Type: image/png\r\n", "")]
    [InlineData("", "")]
    [InlineData("Content-Type: text/plain\r\nContent-Encoding: zstd\r\n", "")]
    [InlineData("Content-Type: text/plain\r\nCache-Control: public, No-Transform\r\n", "")]
    [InlineData("Content-Type: text/plain\r\nContent-Digest: sha-256=:AA==:\r\n", "")]
    [InlineData("Content-Type: text/plain\r\nContent-MD5: AA==\r\n", "")]
    [InlineData("Content-Type: application/grpc\r\n", "")]
    [InlineData("Content-Type: text/plain\r\n", "Range: bytes=0-9\r\n")]
    public async Task Some_responses_stay_as_they_are(string fields, string requestFields)
    {
        await using var backend = WireBackend.Answer(Response(fields + "ETag: \"a\"\r\n"));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip, br"));
        var response = await proxy.GetAsync(host, "/", $"Accept-Encoding: gzip, br\r\n{requestFields}");
        Assert.Equal((Text, "\"a\"", $"{Text.Length}"), (response.Body, response.One("ETag"), response.One("Content-Length")));
        Assert.Equal(fields.Contains("zstd", StringComparison.Ordinal) ? "zstd" : null, response.One("Content-Encoding"));
        Assert.Equal(requestFields.Length > 0 ? "Accept-Encoding" : null, response.One("Vary"));
    }

    [Fact]
    public async Task Partial_responses_stay_as_they_are()
    {
        await using var backend = WireBackend.Answer(Response("Content-Type: text/plain\r\nContent-Range: bytes 0-999/5000\r\n", status: 206));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"));
        var response = await proxy.GetAsync(host, "/", "Accept-Encoding: gzip\r\n");
        Assert.Equal((206, Text, null), (response.Status, response.Body, response.One("Content-Encoding")));
    }

    [Theory]
    [InlineData(404, "gzip")]
    [InlineData(500, "gzip")]
    [InlineData(302, "gzip")]
    public async Task Errors_are_compressed_too(int status, string coding)
    {
        await using var backend = WireBackend.Answer(Response("Content-Type: text/html; charset=utf-8\r\n", status: status));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"));
        var response = await proxy.GetAsync(host, "/", "Accept-Encoding: gzip\r\n");
        Assert.Equal((status, coding, Text), (response.Status, response.One("Content-Encoding"), CompressionFixture.Decode(response)));
    }

    [Theory]
    [InlineData(99, "gzip", false)]
    [InlineData(100, "gzip", true)]
    [InlineData(99, "gzip, identity;q=0", true)]
    [InlineData(99, "gzip, *;q=0", true)]
    [InlineData(0, "gzip, identity;q=0", false)]
    public async Task Short_responses_stay_as_they_are(int length, string accepted, bool isCompressed)
    {
        await using var backend = WireBackend.Answer(Response("Content-Type: text/plain\r\n", new string('x', length)));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"), ("compression-min-length", "100"));
        var response = await proxy.GetAsync(host, "/", $"Accept-Encoding: {accepted}\r\n");
        Assert.Equal((isCompressed ? "gzip" : null, new string('x', length)), (response.One("Content-Encoding"), CompressionFixture.Decode(response)));
    }

    [Theory]
    [InlineData("text/*", "text/css", true)]
    [InlineData("text/*", "TEXT/CSS; charset=utf-8", true)]
    [InlineData("text/*", "text/event-stream", false)]
    [InlineData("*", "application/octet-stream", true)]
    [InlineData("*", "text/event-stream", false)]
    [InlineData("*", "application/grpc+proto", false)]
    [InlineData("application/json", "application/json", true)]
    [InlineData("application/json", "application/json-seq", false)]
    [InlineData("text/event-stream", "text/event-stream", true)]
    public async Task Types_are_compared(string types, string type, bool isCompressed)
    {
        await using var backend = WireBackend.Answer(Response($"Content-Type: {type}\r\n"));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "br"), ("compression-types", types));
        var response = await proxy.GetAsync(host, "/", "Accept-Encoding: br\r\n");
        Assert.Equal((isCompressed ? "br" : null, Text), (response.One("Content-Encoding"), CompressionFixture.Decode(response)));
    }

    [Theory]
    [InlineData("Vary: Origin\r\n", "Origin|Accept-Encoding")]
    [InlineData("Vary: origin, accept-encoding\r\n", "origin, accept-encoding")]
    [InlineData("Vary: *\r\n", "*")]
    public async Task Vary_is_completed(string fields, string expected)
    {
        await using var backend = WireBackend.Answer(Response($"Content-Type: text/plain\r\n{fields}"));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"));
        Assert.Equal(expected, string.Join('|', (await proxy.GetAsync(host, "/", "Accept-Encoding: gzip\r\n")).All("Vary")));
    }

    [Fact]
    public async Task HEAD_has_the_fields_of_GET_and_the_connection_stays_usable()
    {
        await using var backend = WireBackend.Answer(request => Response("Content-Type: text/plain\r\nETag: \"a\"\r\n") is var whole && request.Method == "HEAD" ? whole[..^Text.Length] : whole);
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"));
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"HEAD / HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n");
        var head = await client.ReadResponseAsync("HEAD");
        Assert.Equal(("gzip", "Accept-Encoding", "W/\"a\"", null), (head.One("Content-Encoding"), head.One("Vary"), head.One("ETag"), head.One("Content-Length")));
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n");
        Assert.Equal(Text, CompressionFixture.Decode(await client.ReadResponseAsync()));
        // The request before has ended, and its memory is returned.
        await client.SendAsync($"HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Null((await client.ReadResponseAsync("HEAD")).One("Content-Encoding"));
    }

    [Fact]
    public async Task Clients_of_HTTP_1_0_get_it_as_it_is()
    {
        await using var backend = WireBackend.Answer(Response("Content-Type: text/plain\r\n"));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"));
        var response = await proxy.ExchangeAsync($"GET / HTTP/1.0\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n");
        Assert.Equal((null, Text), (response.One("Content-Encoding"), response.Body));
    }

    [Theory]
    [InlineData("W/\"a\"", "W/\"a\"")]
    [InlineData("\"b\", W/\"a\"", "W/\"a\"")]
    [InlineData("\"a\"", "\"a\"")]
    public async Task A_validator_of_a_compressed_response_stays_weak(string condition, string tag)
    {
        await using var backend = WireBackend.Answer("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n");
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"));
        var response = await proxy.GetAsync(host, "/", $"Accept-Encoding: gzip\r\nIf-None-Match: {condition}\r\n");
        Assert.Equal((304, tag), (response.Status, response.One("ETag")));
        Assert.Null(response.One("Content-Encoding"));
    }

    [Theory]
    [InlineData("gzip", "text/plain")]
    [InlineData("br", "text/plain")]
    [InlineData("gzip", "text/event-stream")]
    [InlineData("br", "text/event-stream")]
    public async Task What_the_backend_flushes_reaches_the_client(string coding, string type)
    {
        var received = new SemaphoreSlim(0);
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var i = 0; i < 5; i++)
            {
                await connection.SendAsync($"7\r\ndata {i}\n\r\n");
                Assert.True(await received.WaitAsync(TimeSpan.FromSeconds(15)));
            }

            await connection.SendAsync("0\r\n\r\n");
        });
        var host = await proxy.ServeAsync(backend.Port, ("compression", coding), ("compression-types", type));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}/") { Headers = { { "Accept-Encoding", coding } } };
        using var response = await proxy.Controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(coding, Assert.Single(response.Content.Headers.ContentEncoding));
        await using var body = await response.Content.ReadAsStreamAsync();
        using var reader = new StreamReader(coding == "gzip" ? new GZipStream(body, CompressionMode.Decompress) : new BrotliStream(body, CompressionMode.Decompress));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal($"data {i}", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(15)));
            received.Release();
        }

        Assert.Null(await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(15)));
    }

    [Theory]
    [InlineData("gzip", "1.1")]
    [InlineData("br", "1.1")]
    [InlineData("gzip", "2.0")]
    [InlineData("br", "2.0")]
    public async Task Large_bodies_and_their_trailers_pass_whole(string coding, string version)
    {
        var random = new Random(1);
        var text = string.Create(3_000_000, random, static (chars, random) =>
        {
            for (var i = 0; i < chars.Length; i++)
                chars[i] = (char)('a' + random.Next(8));
        });
        await using var backend = WireBackend.Answer(
            $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTrailer: X-End\r\nTransfer-Encoding: chunked\r\n\r\n{text.Length:x}\r\n{text}\r\n0\r\nX-End: t\r\n\r\n");
        var host = await proxy.ServeAsync(backend.Port, ("compression", coding));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}/")
        {
            Version = new Version(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Headers = { { "Accept-Encoding", coding } },
        };
        using var response = await proxy.Controller.Client.SendAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        Assert.InRange(body.Length, 1, text.Length / 4 * 3);
        Assert.True(text == CompressionFixture.Decode(Encoding.Latin1.GetString(body), coding));
        if (version == "2.0")
            Assert.Equal("t", Assert.Single(response.TrailingHeaders.GetValues("X-End")));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_body_that_is_cut_short_has_no_end(string coding)
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf\n\r\n");
        });
        var host = await proxy.ServeAsync(backend.Port, ("compression", coding));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}/") { Headers = { { "Accept-Encoding", coding } } };
        using var response = await proxy.Controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_backend_that_fails_before_the_body_gets_a_plain_reply()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n");
        });
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"));
        var response = await proxy.GetAsync(host, "/", "Accept-Encoding: gzip\r\n");
        Assert.Equal((502, null, null), (response.Status, response.One("Content-Encoding"), response.One("Vary")));
        Assert.StartsWith("502 Bad Gateway", response.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_replies_and_routes_without_it_are_not_compressed()
    {
        await using var backend = WireBackend.Answer(Response("Content-Type: text/plain\r\n"));
        var host = await proxy.ServeAsync(backend.Port);
        var response = await proxy.GetAsync(host, "/", "Accept-Encoding: gzip\r\n");
        Assert.Equal((Text, null, null), (response.Body, response.One("Content-Encoding"), response.One("Vary")));
        var denied = await proxy.ServeAsync(backend.Port, ("compression", "gzip"), ("compression-min-length", "0"), ("denylist-source-range", "127.0.0.0/8"));
        var reply = await proxy.GetAsync(denied, "/", "Accept-Encoding: gzip\r\n");
        Assert.Equal((403, null), (reply.Status, reply.One("Content-Encoding")));
    }

    [Fact]
    public async Task Error_pages_are_compressed()
    {
        await using var backend = WireBackend.Answer(Response("Content-Type: text/plain\r\n", "secret", 500));
        await using var pages = WireBackend.Answer(Response("Content-Type: text/html\r\n", status: 404));
        await proxy.AddAsync(Manifests.Service($"pages-{pages.Port}", [pages.Port]));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"), ("custom-http-errors", "500"), ("default-backend", $"pages-{pages.Port}"));
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n");
            var response = await client.ReadResponseAsync();
            Assert.Equal((404, "gzip", Text), (response.Status, response.One("Content-Encoding"), CompressionFixture.Decode(response)));
        }
    }

    [Fact]
    public async Task Beyond_the_budget_responses_pass_as_they_are()
    {
        await using var backend = WireBackend.Answer(Response("Content-Type: text/plain\r\n"));
        var host = await proxy.ServeAsync(backend.Port, ("compression", "gzip"));
        var budget = proxy.Controller.Services.GetRequiredService<CompressorBudget>();
        var taken = 0;
        while (budget.TryTake(GzipCompressor.Cost))
            taken++;
        var over = await proxy.GetAsync(host, "/", "Accept-Encoding: gzip\r\n");
        Assert.Equal((null, "Accept-Encoding", Text), (over.One("Content-Encoding"), over.One("Vary"), over.Body));
        for (; taken > 0; taken--)
            budget.Return(GzipCompressor.Cost);
        Assert.Equal("gzip", (await proxy.GetAsync(host, "/", "Accept-Encoding: gzip\r\n")).One("Content-Encoding"));
    }

    [Fact]
    public async Task A_client_that_leaves_returns_the_memory_of_its_compressor()
    {
        await using var backend = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf\n\r\n");
            await connection.ReadToEndAsync();
        });
        var host = await proxy.ServeAsync(backend.Port, ("compression", "br"));
        var budget = proxy.Controller.Services.GetRequiredService<CompressorBudget>();
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: br\r\n\r\n");
            Assert.Equal("br", (await client.ReadHeadAsync())!.One("Content-Encoding"));
            Assert.Equal(BrotliCompressor.CostOf(4), budget.Used);
            client.Reset();
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while (budget.Used > 0)
            await Task.Delay(10, patience.Token);
    }
}

/// <summary>With the forwarder for HTTP/1.1.</summary>
public sealed class DirectCompressionTests(CompressionFixture proxy) : CompressionTests(proxy), IClassFixture<CompressionFixture>;

/// <summary>With YARP's forwarder.</summary>
public sealed class YarpCompressionTests(HttpClientCompressionFixture proxy) : CompressionTests(proxy), IClassFixture<HttpClientCompressionFixture>;
