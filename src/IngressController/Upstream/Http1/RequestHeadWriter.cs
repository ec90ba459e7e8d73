using System.Buffers;
using System.Buffers.Text;
using System.Text;
using IngressController.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Upstream.Http1;

/// <summary>The head of a request to an endpoint, and its bytes. It is used again for other requests.</summary>
internal sealed class RequestHeadWriter : BackendHeaders
{
    private const int FirstBuffer = 2 * 1024;

    /// <summary>Line ends, which would begin another field or request, and NUL.</summary>
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\r\n\0");

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private (string Name, string Value)[] _fields = new (string, string)[32];
    private int _count;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _length;

    /// <summary>The value of Host, which is the first field; empty if the request has no host.</summary>
    public string Host { get; set; } = "";

    /// <summary>The bytes that were written.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    public override void Add(string name, StringValues values)
    {
        if (_count == _fields.Length)
            Array.Resize(ref _fields, 2 * _count);
        _fields[_count++] = (name, values.Count == 1 ? values[0] ?? "" : Join(name, values));
    }

    public override void Remove(string name)
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (!_fields[i].Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                _fields[kept++] = _fields[i];
        }

        _count = kept;
    }

    public override void RemoveAll(HeaderNameSet names)
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (!names.Contains(_fields[i].Name))
                _fields[kept++] = _fields[i];
        }

        _count = kept;
    }

    /// <summary>The number of fields of a name, and the value of the first one.</summary>
    public (int Count, string? Value) Find(string name)
    {
        var (count, found) = (0, (string?)null);
        for (var i = 0; i < _count; i++)
        {
            if (_fields[i].Name.Equals(name, StringComparison.OrdinalIgnoreCase) && count++ == 0)
                found = _fields[i].Value;
        }

        return (count, found);
    }

    /// <summary>Writes the request line and all fields, and one that frames the body; the empty line follows.</summary>
    /// <param name="method">The method.</param>
    /// <param name="target">The target, of visible ASCII characters.</param>
    /// <param name="framing">The framing of the body.</param>
    public void Write(string method, ReadOnlySpan<char> target, RequestBodyFraming framing)
    {
        Append(method);
        Append(" "u8);
        Append(target);
        Append(" HTTP/1.1\r\nHost: "u8);
        Append(Host);
        Append("\r\n"u8);
        for (var i = 0; i < _count; i++)
        {
            var (name, value) = _fields[i];
            // As in nginx and the HTTP client, a field is not sent whose name Kestrel accepts and others do not (RFC 9110, 5.1). Only a change
            // of the proxy could contain line ends.
            if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(TokenCharacters) || value.AsSpan().ContainsAny(LineEnds))
                continue;
            Append(name);
            Append(": "u8);
            Append(value);
            Append("\r\n"u8);
        }

        if (framing.Length is { } length)
        {
            Append("Content-Length: "u8);
            EnsureRoom(20);
            Utf8Formatter.TryFormat(length, _buffer.AsSpan(_length), out var digits);
            _length += digits;
            Append("\r\n\r\n"u8);
        }
        else
        {
            Append(framing.IsChunked ? "Transfer-Encoding: chunked\r\n\r\n"u8 : "\r\n"u8);
        }
    }

    /// <summary>The free part of the buffer, for the beginning of the body.</summary>
    public Memory<byte> Rest(int minimum)
    {
        EnsureRoom(minimum);
        return _buffer.AsMemory(_length);
    }

    /// <summary>Counts bytes that were written to <see cref="Rest"/>.</summary>
    public void Advance(int count) => _length += count;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        EnsureRoom(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>Empties it for the next request.</summary>
    public void Clear()
    {
        Array.Clear(_fields, 0, _count);
        (_count, _length) = (0, 0);
        if (_buffer.Length <= FirstBuffer)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    }

    private void Append(ReadOnlySpan<char> text)
    {
        EnsureRoom(text.Length);
        _length += Encoding.Latin1.GetBytes(text, _buffer.AsSpan(_length));
    }

    /// <summary>One line for several values (RFC 9110, 5.3; RFC 9113, 8.2.3).</summary>
    private static string Join(string name, StringValues values) =>
        string.Join(name.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase) ? "; " : ", ", values.AsEnumerable());

    private void EnsureRoom(int count)
    {
        if (_buffer.Length - _length >= count)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _buffer.Length, _length + count));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

/// <summary>The framing of the body of a request.</summary>
/// <param name="Length">Its length; null if it is unknown or there is no body.</param>
/// <param name="IsChunked">True for a body of unknown length.</param>
internal readonly record struct RequestBodyFraming(long? Length, bool IsChunked);
