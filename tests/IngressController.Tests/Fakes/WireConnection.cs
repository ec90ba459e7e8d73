using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace IngressController.Tests.Fakes;

/// <summary>One HTTP/1.1 message as it came over the wire; every byte is one char (Latin-1).</summary>
/// <param name="Start">The request line or the status line.</param>
/// <param name="Fields">The header fields in order, names as sent.</param>
/// <param name="Body">The body without its framing.</param>
/// <param name="Trailers">The trailer fields of a chunked body.</param>
internal sealed record WireMessage(string Start, (string Name, string Value)[] Fields, string Body, (string Name, string Value)[] Trailers)
{
    public int Status => int.Parse(Start.Split(' ')[1], CultureInfo.InvariantCulture);

    public string Method => Start.Split(' ')[0];

    /// <summary>The request target, byte for byte.</summary>
    public string Target => Start.Split(' ')[1];

    /// <summary>The values of a field, one per line received.</summary>
    public string[] All(string name) =>
        [.. Fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value)];

    /// <summary>The value of a field that must not be repeated; null when it is missing.</summary>
    public string? One(string name) => All(name) switch
    {
        [] => null,
        [var value] => value,
        var several => throw new InvalidOperationException($"{name} came {several.Length} times: {string.Join(" | ", several)}"),
    };
}

/// <summary>A connection whose bytes a test writes and reads itself: nothing is normalised on the way. Every wait ends after 15 seconds.</summary>
internal sealed class WireConnection(Stream stream, Socket socket) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _position;
    private int _length;

    public Stream Stream => stream;

    /// <summary>Bytes received and not yet read by a test.</summary>
    public int Buffered => _length - _position;

    /// <param name="port">The port of 127.0.0.1.</param>
    /// <param name="tls">Null for a connection without TLS.</param>
    /// <param name="from">The address of the client, another one of 127.0.0.0/8.</param>
    public static async Task<WireConnection> ConnectAsync(int port, SslClientAuthenticationOptions? tls = null, IPAddress? from = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
            socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(IPAddress.Loopback, port);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (tls is not null)
        {
            var secured = new SslStream(stream);
            await secured.AuthenticateAsClientAsync(tls);
            stream = secured;
        }

        return new WireConnection(stream, socket);
    }

    /// <summary>Sends one request on a connection of its own and returns the answer.</summary>
    public static async Task<WireMessage> ExchangeAsync(int port, string request)
    {
        await using var connection = await ConnectAsync(port);
        await connection.SendAsync(request);
        return await connection.ReadResponseAsync(request.Split(' ')[0]);
    }

    public async Task SendAsync(string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask().WaitAsync(Patience);

    /// <summary>Reads the next request; null when the other side closed the connection instead.</summary>
    public async Task<WireMessage?> ReadRequestAsync()
    {
        var head = await ReadHeadAsync();
        return head is null ? null : await ReadBodyAsync(head, untilClose: false);
    }

    /// <summary>Reads head and body of the next response.</summary>
    /// <param name="method">The request's method: the response to HEAD has no body whatever it says.</param>
    public async Task<WireMessage> ReadResponseAsync(string method = "GET")
    {
        var head = await ReadHeadAsync() ?? throw new EndOfStreamException("closed instead of answered");
        return method == "HEAD" || head.Status is (>= 100 and < 200) or 204 or 304 ? head : await ReadBodyAsync(head, untilClose: true);
    }

    /// <summary>Reads start line and header fields; null when the connection was closed before.</summary>
    public async Task<WireMessage?> ReadHeadAsync()
    {
        string? start;
        do
        {
            start = await ReadLineAsync();
        }
        while (start is "");
        return start is null ? null : new WireMessage(start, await ReadFieldsAsync(), "", []);
    }

    /// <summary>Reads the body that a head announces.</summary>
    public async Task<WireMessage> ReadBodyAsync(WireMessage head, bool untilClose)
    {
        if (head.One("Transfer-Encoding") is "chunked")
        {
            var body = new StringBuilder();
            while (await ReadChunkAsync() is { Length: > 0 } chunk)
                body.Append(chunk);
            return head with { Body = body.ToString(), Trailers = await ReadFieldsAsync() };
        }

        if (head.One("Content-Length") is { } length)
            return head with { Body = await ReadTextAsync(int.Parse(length, CultureInfo.InvariantCulture)) };
        return untilClose ? head with { Body = await ReadToEndAsync() } : head;
    }

    /// <summary>Reads one chunk; empty for the last one, whose trailers follow.</summary>
    public async Task<string> ReadChunkAsync()
    {
        var line = await ReadLineAsync() ?? throw new EndOfStreamException("closed before a chunk");
        var size = int.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (size == 0)
            return "";
        var chunk = await ReadTextAsync(size);
        Assert.Equal("", await ReadLineAsync());
        return chunk;
    }

    public async Task<string> ReadTextAsync(int length)
    {
        var text = new StringBuilder(length);
        while (text.Length < length)
        {
            if (!await FillAsync())
                throw new EndOfStreamException($"closed after {text.Length} of {length} bytes: {text}");
            var taken = Math.Min(length - text.Length, _length - _position);
            text.Append(Encoding.Latin1.GetString(_buffer, _position, taken));
            _position += taken;
        }

        return text.ToString();
    }

    /// <summary>Reads until the other side closes; a reset ends it as well.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        try
        {
            while (await FillAsync())
            {
                text.Append(Encoding.Latin1.GetString(_buffer, _position, _length - _position));
                _position = _length;
            }
        }
        catch (IOException)
        {
        }

        return text.ToString();
    }

    /// <summary>Reads until the other side closes, and tells whether it did so with a reset.</summary>
    public async Task<(string Text, bool WasReset)> ReadUntilClosedAsync()
    {
        var text = new StringBuilder();
        try
        {
            while (await FillAsync())
            {
                text.Append(Encoding.Latin1.GetString(_buffer, _position, _length - _position));
                _position = _length;
            }
        }
        catch (IOException)
        {
            return (text.ToString(), true);
        }

        return (text.ToString(), false);
    }

    public async Task<string?> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (await FillAsync())
        {
            var c = (char)_buffer[_position++];
            if (c == '\n')
                return line is [.., '\r'] ? line.ToString(0, line.Length - 1) : line.ToString();
            line.Append(c);
        }

        return line.Length == 0 ? null : throw new EndOfStreamException($"closed within a line: {line}");
    }

    /// <summary>Closes with RST instead of FIN, as a crashed process does.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    /// <summary>Closes the sending direction only.</summary>
    public void ShutdownSend() => socket.Shutdown(SocketShutdown.Send);

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<(string, string)[]> ReadFieldsAsync()
    {
        var fields = new List<(string, string)>();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':');
            fields.Add((line[..colon], line[(colon + 1)..].Trim()));
        }

        return [.. fields];
    }

    private async ValueTask<bool> FillAsync()
    {
        if (_position < _length)
            return true;
        _position = 0;
        _length = await stream.ReadAsync(_buffer).AsTask().WaitAsync(Patience);
        return _length > 0;
    }
}
