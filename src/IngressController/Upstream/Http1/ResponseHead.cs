using System.Text;

namespace IngressController.Upstream.Http1;

/// <summary>The endpoint sent what is not a response of HTTP/1.1.</summary>
internal sealed class InvalidResponseException(string message) : IOException(message);

/// <summary>The end of the body of a response (RFC 9112, 6.3).</summary>
internal enum ResponseFraming
{
    /// <summary>There is no body.</summary>
    None,

    Length,

    Chunked,

    /// <summary>The body ends with the connection.</summary>
    Close,
}

/// <summary>
/// The head of a response as it was received. It is read strictly: what two readers could understand differently is no response (RFC 9112, 2.2,
/// 5.1, 5.2, 6.1, 6.3).
/// </summary>
internal sealed class ResponseHead
{
    /// <summary>The maximum size of a head, as with the HTTP client.</summary>
    private const int MaxSize = 64 * 1024;

    private const int MaxFields = 1000;

    private const int MaxKeptText = 256;

    private readonly (string? Name, string? Value)[] _texts = new (string?, string?)[16];
    private Field[] _fields = new Field[16];
    private int _count;
    private bool _isHttp10;
    private bool _closes;
    private bool _keepsAlive;
    private bool _hasEncoding;
    private bool _isChunked;
    private long? _length;

    public int Status { get; private set; }

    /// <summary>The reason phrase.</summary>
    public Range Reason { get; private set; }

    /// <summary>True if the fields include Connection, which can name others.</summary>
    public bool HasConnection { get; private set; }

    /// <summary>The positions of the fields in the bytes of the head.</summary>
    public ReadOnlySpan<Field> Fields => _fields.AsSpan(0, _count);

    /// <summary>
    /// Name and value of a field. Responses of an endpoint resemble each other, so the strings of the previous one are used again if they are
    /// equal.
    /// </summary>
    public (string Name, string Value) TextOf(int field, ReadOnlySpan<byte> head)
    {
        ref var previous = ref _texts[Math.Min(field, _texts.Length - 1)];
        var name = _fields[field].Name(head);
        var value = _fields[field].Value(head);
        if (previous.Name is null || !Ascii.Equals(name, previous.Name))
            previous.Name = Encoding.Latin1.GetString(name);
        if (previous.Value is null || !Ascii.Equals(value, previous.Value))
            previous.Value = Encoding.Latin1.GetString(value);
        var text = (previous.Name, previous.Value);
        if (value.Length > MaxKeptText)
            previous.Value = null;
        return text!;
    }

    /// <summary>The number of bytes of the body that <see cref="ResponseFraming.Length"/> has.</summary>
    public long Length => _length ?? 0;

    /// <summary>The length of the body that a client is told; null if it is unknown.</summary>
    public long? DeclaredLength => _hasEncoding ? null : _length;

    /// <summary>True if the connection can be used after the body.</summary>
    public bool KeepsConnection => !_closes && (!_isHttp10 || _keepsAlive) && !(_hasEncoding && _length is not null);

    /// <summary>Reads a head.</summary>
    /// <param name="bytes">What was received.</param>
    /// <returns>The length of the head; 0 if more must be received.</returns>
    public int Read(ReadOnlySpan<byte> bytes)
    {
        Clear();
        var start = 0;
        while (true)
        {
            var feed = bytes[start..].IndexOf((byte)'\n');
            if (feed < 0)
                return bytes.Length < MaxSize ? 0 : throw new InvalidResponseException("the head of the response is too large");
            var end = start + feed - 1;
            if (feed == 0 || bytes[end] != '\r')
                throw new InvalidResponseException("a line of the response does not end with CRLF");
            if (end == start && start > 0)
            {
                Check();
                return end + 2;
            }

            if (start == 0)
                ReadStatusLine(bytes[..end]);
            else
                ReadField(bytes, start, end);
            start = end + 2;
            if (start > MaxSize)
                throw new InvalidResponseException("the head of the response is too large");
        }
    }

    /// <summary>The end of the body.</summary>
    /// <param name="isHead">True for the response to HEAD.</param>
    public ResponseFraming FramingFor(bool isHead) =>
        isHead || Status is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified ? ResponseFraming.None
        : _isChunked ? ResponseFraming.Chunked
        : _length is 0 ? ResponseFraming.None
        : _length is not null ? ResponseFraming.Length
        : ResponseFraming.Close;

    private void Clear()
    {
        (_count, Status, Reason, HasConnection) = (0, 0, default, false);
        (_isHttp10, _closes, _keepsAlive, _hasEncoding, _isChunked, _length) = (false, false, false, false, false, null);
    }

    private void Check()
    {
        // RFC 9112, 6.1: HTTP/1.0 has no transfer codings.
        if (_hasEncoding && _isHttp10)
            throw new InvalidResponseException("a response of HTTP/1.0 has Transfer-Encoding");
    }

    private void ReadStatusLine(ReadOnlySpan<byte> line)
    {
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || !char.IsAsciiDigit((char)line[7]) || line[8] != ' ' || (line.Length > 12 && line[12] != ' '))
            throw new InvalidResponseException("the status line of the response is malformed");
        // RFC 9110, 6.2: a higher minor version is read as the highest known one.
        _isHttp10 = line[7] == '0';
        foreach (var digit in line[9..12])
        {
            if (!char.IsAsciiDigit((char)digit))
                throw new InvalidResponseException("the status of the response is no number");
            Status = (Status * 10) + digit - '0';
        }

        if (Status is < 100 or > 599)
            throw new InvalidResponseException($"the endpoint answered with status {Status:000}, which is not between 100 and 599");
        if (line.Length <= 13)
            return;
        if (line[13..].ContainsAny(FieldLine.ControlBytes))
            throw new InvalidResponseException("the status line of the response is malformed");
        Reason = 13..line.Length;
    }

    private void ReadField(ReadOnlySpan<byte> bytes, int start, int end)
    {
        var line = bytes[start..end];
        var (name, valueStart, valueLength) = FieldLine.Split(line);
        if (_count == _fields.Length)
            Array.Resize(ref _fields, _count < MaxFields ? 2 * _count : throw new InvalidResponseException("the response has too many fields"));
        _fields[_count++] = new Field(start, name, start + valueStart, valueLength) { IsFraming = ReadFraming(line[..name], line.Slice(valueStart, valueLength)) };
    }

    /// <summary>Reads the fields that frame the message. True if the field is for this connection only.</summary>
    private bool ReadFraming(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 10 when Ascii.EqualsIgnoreCase(name, "Connection"u8):
                HasConnection = true;
                foreach (var range in value.Split((byte)','))
                {
                    var option = value[range].Trim(" \t"u8);
                    _closes |= Ascii.EqualsIgnoreCase(option, "close"u8);
                    _keepsAlive |= Ascii.EqualsIgnoreCase(option, "keep-alive"u8);
                }

                return true;
            case 14 when Ascii.EqualsIgnoreCase(name, "Content-Length"u8):
                ReadLength(value);
                return true;
            case 17 when Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8):
                // Another coding could not be passed on, and a repeated one would have to be decoded twice.
                if (_hasEncoding || !Ascii.EqualsIgnoreCase(value, "chunked"u8))
                    throw new InvalidResponseException("the response has a transfer coding other than chunked");
                _hasEncoding = _isChunked = true;
                return true;
            default:
                return false;
        }
    }

    private void ReadLength(ReadOnlySpan<byte> value)
    {
        foreach (var range in value.Split((byte)','))
        {
            var digits = value[range].Trim(" \t"u8);
            if (digits.IsEmpty || digits.Length > 18 || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
                throw new InvalidResponseException("the Content-Length of the response is no number");
            var length = 0L;
            foreach (var digit in digits)
                length = (length * 10) + digit - '0';
            if (_length is { } other && other != length)
                throw new InvalidResponseException("the response has different Content-Lengths");
            _length = length;
        }
    }

    /// <summary>A field, by its position.</summary>
    /// <param name="Start">The position of its name.</param>
    /// <param name="NameLength">The length of its name.</param>
    /// <param name="ValueStart">The position of its value.</param>
    /// <param name="ValueLength">The length of its value.</param>
    public readonly record struct Field(int Start, int NameLength, int ValueStart, int ValueLength)
    {
        /// <summary>True if it frames the message or is for this connection only.</summary>
        public bool IsFraming { get; init; }

        public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> head) => head.Slice(Start, NameLength);

        public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> head) => head.Slice(ValueStart, ValueLength);
    }
}
