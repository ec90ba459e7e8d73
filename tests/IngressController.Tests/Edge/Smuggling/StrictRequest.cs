using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IngressController.Tests.Edge.Smuggling;

/// <summary>
/// A request as a backend reads it that knows only the grammar of RFC 9112: no leniency, one length, one Host. Whatever is beyond it is an
/// <see cref="InvalidDataException"/>.
/// </summary>
internal sealed partial record StrictRequest(string Method, string Target, (string Name, string Value)[] Fields, string Body)
{
    public IEnumerable<string> All(string name) =>
        Fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value);

    /// <summary>Reads the head at the beginning of the bytes; null if it is incomplete.</summary>
    public static StrictRequest? ReadHead(string bytes, out int length)
    {
        length = bytes.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        if (length < 4)
            return null;
        var lines = bytes[..(length - 4)].Split("\r\n");
        var start = RequestLine().Match(lines[0]);
        if (!start.Success)
            throw new InvalidDataException($"request line: {lines[0]}");
        var head = new StrictRequest(start.Groups[1].Value, start.Groups[2].Value, [.. lines[1..].Select(Field)], "");
        if (head.All("Host").Count() != 1)
            throw new InvalidDataException($"{head.All("Host").Count()} Host fields");
        var (lengths, encodings) = (head.All("Content-Length").ToArray(), head.All("Transfer-Encoding").ToArray());
        if (lengths.Length + encodings.Length > 1)
            throw new InvalidDataException($"framed more than once: {string.Join(" | ", lengths.Concat(encodings))}");
        if (lengths is [var text] && !Digits().IsMatch(text))
            throw new InvalidDataException($"Content-Length: {text}");
        if (encodings is [not "chunked"])
            throw new InvalidDataException($"Transfer-Encoding: {encodings[0]}");
        return head;
    }

    /// <summary>Reads head and body; null if they are incomplete.</summary>
    public static StrictRequest? Read(string bytes, out int length)
    {
        if (ReadHead(bytes, out length) is not { } head)
            return null;
        if (head.All("Transfer-Encoding").Any())
            return head.ReadChunks(bytes, ref length);
        var size = head.All("Content-Length").Select(text => int.Parse(text, CultureInfo.InvariantCulture)).FirstOrDefault();
        if (bytes.Length < length + size)
            return null;
        length += size;
        return head with { Body = bytes[(length - size)..length] };
    }

    private StrictRequest? ReadChunks(string bytes, ref int position)
    {
        var body = new StringBuilder();
        while (true)
        {
            var end = bytes.IndexOf("\r\n", position, StringComparison.Ordinal);
            if (end < 0)
                return null;
            var line = bytes[position..end];
            if (!ChunkSize().IsMatch(line))
                throw new InvalidDataException($"chunk size: {line}");
            var size = int.Parse(line, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            position = end + 2;
            if (size == 0)
                return ReadTrailers(bytes, ref position) ? this with { Body = body.ToString() } : null;
            if (bytes.Length < position + size + 2)
                return null;
            if (bytes.Substring(position + size, 2) != "\r\n")
                throw new InvalidDataException("chunk is longer than its size");
            body.Append(bytes, position, size);
            position += size + 2;
        }
    }

    private static bool ReadTrailers(string bytes, ref int position)
    {
        while (true)
        {
            var end = bytes.IndexOf("\r\n", position, StringComparison.Ordinal);
            if (end < 0)
                return false;
            var line = bytes[position..end];
            position = end + 2;
            if (line.Length == 0)
                return true;
            var (name, _) = Field(line);
            if (ForbiddenTrailer().IsMatch(name))
                throw new InvalidDataException($"trailer field {name}");
        }
    }

    private static (string Name, string Value) Field(string line) =>
        FieldLine().Match(line) is { Success: true } field
            ? (field.Groups[1].Value, field.Groups[2].Value)
            : throw new InvalidDataException($"field line: {line}");

    [GeneratedRegex(@"^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7E]+) HTTP/1\.1\z")]
    private static partial Regex RequestLine();

    /// <summary>Of the control characters, RFC 9110, 5.5 forbids to pass on only these three.</summary>
    [GeneratedRegex(@"^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\0\r\n]*?)[ \t]*\z")]
    private static partial Regex FieldLine();

    [GeneratedRegex(@"^[0-9]{1,9}\z")]
    private static partial Regex Digits();

    [GeneratedRegex(@"^[0-9A-Fa-f]{1,8}\z")]
    private static partial Regex ChunkSize();

    [GeneratedRegex("^(content-length|transfer-encoding|host|trailer|te|connection|authorization|content-encoding)$", RegexOptions.IgnoreCase)]
    private static partial Regex ForbiddenTrailer();
}
