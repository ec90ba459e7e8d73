using System.Buffers.Binary;
using System.Globalization;
using System.Net.Security;
using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge;

/// <summary>An answer that a backend cuts short: the client gets all of it that arrived, and sees that it is not complete.</summary>
public sealed class CutAnswerTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private const string Part = "The first part of the body, ";

    public static TheoryData<string, string, string, bool> Cuts()
    {
        var cuts = new TheoryData<string, string, string, bool>();
        foreach (var resets in new[] { false, true })
        {
            cuts.Add("length", $"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{Part}", Part, resets);
            cuts.Add("length, close", $"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{Part}", Part, resets);
            cuts.Add("length, long part", $"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n{Long}", Long, resets);
            cuts.Add("length, one byte missing", $"HTTP/1.1 500 Oops\r\nContent-Length: {Part.Length + 1}\r\n\r\n{Part}", Part, resets);
            cuts.Add("after a chunk", $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{Part.Length:x}\r\n{Part}\r\n", Part, resets);
            cuts.Add("within a chunk", $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n{Part}", Part, resets);
            cuts.Add("within a size", $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{Part.Length:x}\r\n{Part}\r\n1", Part, resets);
            cuts.Add("within the last chunk", $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{Part.Length:x}\r\n{Part}\r\n0\r\n", Part, resets);
            cuts.Add("within trailers", $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{Part.Length:x}\r\n{Part}\r\n0\r\nX-Sum: 1", Part, resets);
        }

        cuts.Add("until close, reset", $"HTTP/1.1 200 OK\r\n\r\n{Part}", Part, true);
        cuts.Add("HTTP/1.0, reset", $"HTTP/1.0 200 OK\r\n\r\n{Part}", Part, true);
        return cuts;
    }

    private static string Long { get; } = string.Concat(Enumerable.Range(0, 9_000).Select(i => $"{i:0000000} "));

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task What_arrived_reaches_the_client_and_then_the_cut(string name, string answer, string part, bool resets)
    {
        await using var backend = Cutting(answer, resets);
        var host = await proxy.ServeAsync(backend);
        for (var i = 0; i < 4; i++)
        {
            var tls = i % 2 == 0 ? null : new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => true };
            await using var client = await WireConnection.ConnectAsync(tls is null ? proxy.Controller.HttpPort : proxy.Controller.HttpsPort, tls);
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            var head = await client.ReadHeadAsync();
            Assert.True(head is not null, $"{name}: bare cut");
            var (rest, wasReset) = await client.ReadUntilClosedAsync();
            Assert.Equal(head.Status, int.Parse(answer.AsSpan(9, 3), CultureInfo.InvariantCulture));
            Assert.Equal(part, head.One("Transfer-Encoding") is "chunked" ? WithoutEnd(rest) : rest);
            // Not needed to see the cut, and the stacks of some clients discard what they have received before a reset.
            Assert.False(wasReset, $"{name}: reset");
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n")]
    public async Task A_client_without_chunks_sees_the_cut_as_a_reset(string head)
    {
        await using var backend = Cutting(head + Part, resets: true);
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n");
        Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
        Assert.Equal((Part, true), await client.ReadUntilClosedAsync());
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task An_HTTP2_client_gets_what_arrived_before_the_reset_of_the_stream(string name, string answer, string part, bool resets)
    {
        await using var backend = Cutting(answer, resets);
        var host = await proxy.ServeAsync(backend);
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        for (var stream = 1; stream < 8; stream += 2)
        {
            await client.GetAsync(stream, host);
            var data = new StringBuilder();
            while (await client.ReadSignificantAsync() is { Type: not Http2FrameType.RstStream } frame)
            {
                Assert.False(frame.EndsStream, $"{name}: ended as if complete");
                if (frame is { Type: Http2FrameType.Data, Payload.Length: > 0 })
                {
                    data.Append(frame.Text);
                    foreach (var window in new[] { 0, stream })
                        await client.SendAsync(Http2FrameType.WindowUpdate, 0, window, BitConverter.GetBytes(BinaryPrimitives.ReverseEndianness(frame.Payload.Length)));
                }
            }

            Assert.Equal(part, data.ToString());
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("1.0")]
    public async Task A_cut_is_reported_as_a_failure_of_the_endpoint(string version)
    {
        await using var backend = Cutting($"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{Part}", resets: false);
        // Of its own: endpoints of other tests, which fail in the same second, may share the line.
        await using var controller = await TestController.StartAsync(Manifests.Service("s", [backend.Port]) + Manifests.Ingress("i", "cut.example", "s"));
        await using var client = await WireConnection.ConnectAsync(controller.HttpPort);
        await client.SendAsync($"GET / HTTP/{version}\r\nHost: cut.example\r\n\r\n");
        await client.ReadUntilClosedAsync();
        await controller.Log.WaitForAsync("failed (ResponseBodyDestination)");
    }

    [Fact]
    public async Task A_large_part_is_delivered_whole_before_the_cut()
    {
        var sent = new string('x', 8_000_000);
        await using var backend = Cutting($"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n{sent}", resets: false);
        var host = await proxy.ServeAsync(backend);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(200, (await client.ReadHeadAsync())!.Status);
        var (rest, _) = await client.ReadUntilClosedAsync();
        Assert.Equal(sent, rest);
    }

    /// <summary>Answers all requests of all connections with the same bytes and closes after each.</summary>
    private static WireBackend Cutting(string answer, bool resets) => WireBackend.Start(async connection =>
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(answer);
        if (resets)
            connection.Reset();
    });

    /// <summary>The data of chunks that do not end.</summary>
    internal static string WithoutEnd(string chunks)
    {
        var text = new StringBuilder();
        while (chunks.Length > 0)
        {
            var end = chunks.IndexOf("\r\n", StringComparison.Ordinal);
            var size = Convert.ToInt32(chunks[..end], 16);
            Assert.NotEqual(0, size);
            text.Append(chunks, end + 2, size);
            chunks = chunks[(end + 2 + size + 2)..];
        }

        return text.ToString();
    }
}
