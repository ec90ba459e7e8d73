using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>Fields of HTTP/2 requests that HTTP/1.1 could read as something else (RFC 9113, 8.2).</summary>
public sealed class Http2FieldTests(RecordingFixture proxy) : IClassFixture<RecordingFixture>
{
    [Theory]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("transfer-encoding", "")]
    [InlineData("transfer-encoding", "identity")]
    [InlineData("keep-alive", "timeout=5")]
    [InlineData("proxy-connection", "keep-alive")]
    [InlineData("upgrade", "websocket")]
    [InlineData("a b", "c")]
    [InlineData(" a", "b")]
    [InlineData("a ", "b")]
    [InlineData("a\t", "b")]
    [InlineData("a\r", "b")]
    [InlineData("a\n", "b")]
    [InlineData("a\r\nb", "c")]
    [InlineData("transfer-encoding ", "chunked")]
    [InlineData("transfer-encoding:", "chunked")]
    [InlineData("content-length:", "5")]
    [InlineData("a:b", "c")]
    [InlineData("a: b\r\ntransfer-encoding", "chunked")]
    [InlineData("x\r\n\r\nget /smuggled http/1.1\r\nhost", "a")]
    [InlineData("a\u0001", "b")]
    [InlineData("a\u007f", "b")]
    [InlineData("a\"b", "c")]
    [InlineData("a(b)", "c")]
    [InlineData("a/b", "c")]
    [InlineData("", "a")]
    public async Task An_invalid_field_is_answered_400(string name, string value)
    {
        proxy.Backend.Requests.Clear();
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);

        await client.GetAsync(1, proxy.Host, "https", [(name, value)]);

        Assert.Equal("400", await StatusOfAsync(client, 1));
        Assert.Empty(proxy.Backend.Requests);
    }

    [Theory]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("a\r\nb", "c")]
    public async Task An_invalid_field_of_a_request_with_a_body_is_answered_400(string name, string value)
    {
        proxy.Backend.Requests.Clear();
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);

        await client.HeadAsync(1, [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", proxy.Host), (name, value)], endsStream: false);
        await client.SendAsync(Http2FrameType.Data, 1, 1, "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"u8.ToArray());

        Assert.Equal("400", await StatusOfAsync(client, 1));
        Assert.Empty(proxy.Backend.Requests);
    }

    [Theory]
    [InlineData("x-a", "b")]
    [InlineData("x!#$%&'*+-.^_`|~9", "b")]
    public async Task Every_token_is_a_valid_name(string name, string value)
    {
        proxy.Backend.Requests.Clear();
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);

        await client.GetAsync(1, proxy.Host, "https", [(name, value)]);

        Assert.Equal("200", await StatusOfAsync(client, 1));
        Assert.Equal(value, Assert.Single(proxy.Backend.Requests).One(name));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("05")]
    public async Task A_length_of_digits_is_accepted(string length)
    {
        proxy.Backend.Requests.Clear();
        Assert.Equal("200", await PostAsync(length));
        var received = Assert.Single(proxy.Backend.Requests);
        Assert.Equal(("5", "hello"), (received.One("Content-Length"), received.Body));
    }

    [Theory]
    [InlineData("+5")]
    [InlineData("-0")]
    [InlineData("5 ")]
    [InlineData(" 5")]
    [InlineData("5\t")]
    [InlineData("\v5")]
    [InlineData("5\f")]
    [InlineData("5\0")]
    [InlineData("5, 5")]
    [InlineData("5,5")]
    [InlineData("0x5")]
    [InlineData("")]
    [InlineData("5\r\n")]
    [InlineData("9223372036854775808")]
    [InlineData("999999999999999999999999999999")]
    public async Task Another_length_never_reaches_the_backend(string length)
    {
        proxy.Backend.Requests.Clear();
        Assert.Equal("400", await PostAsync(length));
        Assert.Empty(proxy.Backend.Requests);
    }

    private async Task<string> PostAsync(string length)
    {
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        await client.HeadAsync(1, [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", proxy.Host), ("content-length", length)], endsStream: false);
        await client.SendAsync(Http2FrameType.Data, 1, 1, "hello"u8.ToArray());
        return await StatusOfAsync(client, 1);
    }

    /// <summary>The status of the response, or how the stream ended without one.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="reader">The reader of the connection, if it has had other responses.</param>
    internal static async Task<string> StatusOfAsync(Http2WireConnection client, int stream, HpackReader? reader = null)
    {
        reader ??= new HpackReader();
        while (await client.ReadSignificantAsync() is { } frame)
        {
            if (frame.Type == Http2FrameType.GoAway || (frame.Type == Http2FrameType.RstStream && frame.Stream == stream))
                return "reset";
            if (frame.Type != Http2FrameType.Headers)
                continue;
            var fields = reader.Read(frame.Payload);
            if (frame.Stream == stream)
                return fields.Single(field => field.Name == ":status").Value;
        }

        return "reset";
    }
}
