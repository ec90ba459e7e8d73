using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using IngressController.Listeners;
using IngressController.Tests.Fakes;
using IngressController.Tests.Proxy;

namespace IngressController.Tests.Listeners;

/// <summary>Scheme and host of requests whose target or pseudo-headers name them.</summary>
public sealed class OriginTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    [Theory]
    [InlineData("http://{0}/x", "{0}")]
    [InlineData("http://{1}/x", "{1}")]
    [InlineData("http://{1}/x", "{0}")]
    [InlineData("HTTP://{0}/x", "{0}")]
    [InlineData("HTTP://{1}/x", "{1}")]
    [InlineData("Http://{0}/x", "{0}")]
    [InlineData("HTTPS://{0}/x", "{0}")]
    [InlineData("http://{0}/x", "other.example")]
    [InlineData("http://{0}/x", "OTHER.example:81")]
    [InlineData("http://{0}/x", "")]
    [InlineData("http://{0}:80/x", "{0}")]
    [InlineData("HTTP://{0}/x", "other.example")]
    public async Task Absolute_target_decides_the_host(string target, string host)
    {
        var upper = proxy.Host.ToUpperInvariant();

        var received = await proxy.SendAsync(
            $"GET {string.Format(null, target, proxy.Host, upper)} HTTP/1.1\r\nHost: {string.Format(null, host, proxy.Host, upper)}\r\n\r\n");

        Assert.Equal("/x", received.Target);
        Assert.Equal(proxy.Host, received.One("Host"), ignoreCase: true);
        Assert.Equal("http", received.One("X-Forwarded-Proto"));
    }

    [Fact]
    public async Task Absolute_target_of_HTTP_1_0_names_the_host()
    {
        var received = await proxy.SendAsync($"GET HTTP://{proxy.Host}:8080/x HTTP/1.0\r\n\r\n");

        Assert.Equal(("/x", $"{proxy.Host}:8080"), (received.Target, received.One("Host")));
    }

    [Theory]
    [InlineData("http://user@{0}/x", 400)]
    [InlineData("HTTP://evil.example\\@{0}/x", 400)]
    [InlineData("http://unknown.example/x", 404)]
    [InlineData("ftp://{0}/x", 400)]
    public async Task Absolute_target_without_a_clear_host_is_not_forwarded(string target, int status)
    {
        proxy.Backend.Requests.Clear();

        Assert.Equal(status, (await proxy.GetAsync(proxy.Host, string.Format(null, target, proxy.Host))).Status);

        Assert.Empty(proxy.Backend.Requests);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("HTTP")]
    [InlineData("https")]
    [InlineData("HTTPS")]
    [InlineData("ws")]
    public async Task Scheme_of_HTTP_2_does_not_decide_anything(string scheme)
    {
        proxy.Backend.Requests.Clear();
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);

        await client.GetAsync(1, proxy.Host, scheme, []);

        Assert.Contains(await client.ReadToEndOfAsync(1), frame => frame.Type == Http2FrameType.Headers && frame.Payload[0] == 0x88);
        Assert.Equal("https", Assert.Single(proxy.Backend.Requests).One("X-Forwarded-Proto"));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("\u0000\u0001\u0002")]
    [InlineData("x")]
    public async Task Client_of_the_TLS_port_without_TLS_gets_400_in_clear_text(string request)
    {
        var response = await WireConnection.ExchangeAsync(proxy.Controller.HttpsPort, request);

        Assert.Equal((400, "close"), (response.Status, response.One("Connection")));
        Assert.Equal("400 Bad Request: this port serves HTTPS only; use https\n", response.Body);
    }

    [Fact]
    public async Task Client_of_the_TLS_port_that_sends_more_than_it_reads_gets_the_whole_reply()
    {
        await using var connection = await WireConnection.ConnectAsync(proxy.Controller.HttpsPort);

        await connection.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n{new string('b', 200_000)}");

        Assert.Contains("use https", (await connection.ReadResponseAsync()).Body, StringComparison.Ordinal);
        Assert.Equal("", await connection.ReadToEndAsync());
    }

    [Fact]
    public async Task HEAD_to_the_TLS_port_without_TLS_gets_no_body()
    {
        await using var connection = await WireConnection.ConnectAsync(proxy.Controller.HttpsPort);

        await connection.SendAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(400, (await connection.ReadHeadAsync())!.Status);
        Assert.Equal("", await connection.ReadToEndAsync());
    }

    [Fact]
    public async Task Handshake_in_pieces_succeeds()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(System.Net.IPAddress.Loopback, proxy.Controller.HttpsPort);
        await using var stream = new SslStream(new BytewiseStream(socket.GetStream()), false, (_, _, _, _) => true);

        await stream.AuthenticateAsClientAsync(proxy.Host).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.True(stream.IsAuthenticated);
    }

    [Theory]
    [InlineData("GET HTTP://a/ HTTP/1.1\r\n", "GET http://a/ HTTP/1.1\r\n")]
    [InlineData("GET hTTpS://A/ HTTP/1.1\r\n", "GET https://A/ HTTP/1.1\r\n")]
    [InlineData("GET / HTTP/1.1\r\nReferer: HTTP://A/\r\n", null)]
    [InlineData("GET HTTPX://a/ HTTP/1.1\r\n", null)]
    [InlineData("OPTIONS * HTTP/1.1\r\n", null)]
    [InlineData("THIS-METHOD-IS-LONGER-THAN-ALL-OTHERS HTTP://a/ HTTP/1.1\r\n", null)]
    public async Task Scheme_is_lower_case_however_the_bytes_arrive(string text, string? expected)
    {
        for (var split = 1; split < text.Length; split++)
        {
            var pipe = new Pipe();
            var reader = new AbsoluteFormScheme.Reader(pipe.Reader);
            await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(text[..split]));
            var first = await reader.ReadAsync();
            reader.AdvanceTo(first.Buffer.Start, first.Buffer.End);
            await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes(text[split..]));
            Assert.True(reader.TryRead(out var second));
            Assert.Equal(expected ?? text, Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(second.Buffer)));
        }
    }

    /// <summary>Writes each byte on its own.</summary>
    private sealed class BytewiseStream(NetworkStream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < buffer.Length; i++)
                await inner.WriteAsync(buffer.Slice(i, 1), cancellationToken);
        }

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
