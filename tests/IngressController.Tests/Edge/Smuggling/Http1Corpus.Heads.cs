namespace IngressController.Tests.Edge.Smuggling;

/// <summary>Field lines, hosts and request lines (RFC 9112, 3 and 5).</summary>
internal static partial class Http1Corpus
{
    private static IEnumerable<SmugglingVariant> Fields()
    {
        string[] refused =
        [
            "X: a\rb", "X: a\nb", "X: a\0b", "X: \0", "X\u0001: y", "X\u007F: y", "X\0: y", "X\u000B: y", "\u000CX: y", "X\u00E9: y",
            "X y: z", "X : y", "X\t: y", ": y", "X", "X\r: y", "X\n: y", " X: y", "\tX: y", "X: y\r\n z", "X: y\r\n\tz", "X: y\n z", "\rX: y", "X: y\r", "X: y\n", "X: y\r\r",
            $"X: y\n\n{Smuggled[..^4]}", $"X: y\r\r{Smuggled[..^4]}", $"X: y\n\r\n{Smuggled[..^4]}", $"X: y\r\n\n{Smuggled[..^4]}", $"X: y\nContent-Length: {Smuggled.Length}\n\n{Smuggled[..^4]}",
        ];
        foreach (var line in refused)
            yield return new($"fields {Shown(line)}", Head("GET", $"{line}\r\n"), Outcome.Refused);
        // Names that are no tokens are not sent on, if their characters are visible.
        foreach (var c in "(),/;<=>?@[\\]{}\"")
            yield return new($"fields X{c}: y", Head("GET", $"X{c}: y\r\n"), Outcome.OnceOrRefused);
        // Bytes that are no text, and names that backends may read as framing.
        foreach (var line in new[] { "X: \u00E9\u00FF", "X: a\tb", "X: \u0080", "X:", "X!#$%&'*+-.^_`|~: y", "Transfer_Encoding: chunked", "Content_Length: 5", "X_Y: z", "X: a\u0001b", "X: \u007F", "X: \u000B" })
            yield return new($"fields {Shown(line)}", Head("GET", $"{line}\r\n"), Outcome.OnceOrRefused);
    }

    private static IEnumerable<SmugglingVariant> Hosts()
    {
        yield return new("hosts twice, same", Head("GET", $"Host: {Host}\r\n"));
        foreach (var line in new[]
        {
            "Host: other.example", "host: other.example", "HOST:", "Host : other.example", " Host: other.example", "Host\t: other.example", "Host\0: x", "X: y\nHost: other.example", "X: y\rHost: other.example", "Host\r\n : other.example", "Host\u000B: other.example",
        })
        {
            yield return new($"hosts twice {Shown(line)}", Head("GET", $"{line}\r\n"), Outcome.Refused);
            yield return new($"hosts twice, last {Shown(line)}", $"GET {Path} HTTP/1.1\r\n{line}\r\nHost: {Host}\r\n\r\n", Outcome.Refused);
        }

        foreach (var host in new[]
        {
            $"{Host}, other.example", $"{Host} other.example", $"{Host}\tother.example", $"{Host}/", $"{Host}/x", $"{Host}?x", $"{Host}#x", $"x@{Host}", $"{Host}\\x", $"{Host}\0", $"{Host}\u0001", $"{Host}\r\n .other.example", $"{Host}\rX: y", $"{Host}\nX: y", $"{Host};x", $"\"{Host}\"", $"http://{Host}", $"{Host}:x", $"{Host}:80:80", $"{Host}:-1", $"{Host}:+80", $"{Host}: 80", $"{Host} :80", $"[{Host}]", $"{Host}:99999", "",
        })
        {
            yield return new($"hosts value {Shown(host)}", $"GET {Path} HTTP/1.1\r\nHost: {host}\r\n\r\n", Outcome.Refused);
        }

        yield return new("hosts none", $"GET {Path} HTTP/1.1\r\n\r\n", Outcome.Refused);
        yield return new("hosts none, body", $"POST {Path} HTTP/1.1\r\nContent-Length: {Smuggled.Length}\r\n\r\n{Smuggled}", Outcome.Refused);
        foreach (var target in new[] { $"http://{Host}{Path}", $"HTTP://{Host}{Path}", $"https://{Host}{Path}", $"http://{Host}:80{Path}" })
            yield return new($"hosts absolute {target}", $"GET {target} HTTP/1.1\r\nHost: other.example\r\n\r\n", Outcome.OnceOrRefused);
        foreach (var target in new[] { $"http://x@{Host}{Path}", $"http://{Host}\\{Path}", $"http:{Path}", $"http:/{Host}{Path}", $"http://{Path}", $"ftp://{Host}{Path}", $"http://{Host} {Path}", $"//{Host}\t{Path}" })
            yield return new($"hosts absolute {Shown(target)}", $"GET {target} HTTP/1.1\r\nHost: {Host}\r\n\r\n", Outcome.Refused);
    }

    private static IEnumerable<SmugglingVariant> RequestLines()
    {
        foreach (var line in new[]
        {
            $"GET  {Path} HTTP/1.1", $"GET\t{Path} HTTP/1.1", $"GET {Path}\tHTTP/1.1", $"GET {Path} HTTP/1.1 ", $"GET {Path} HTTP/1.1\t", $" GET {Path} HTTP/1.1", $"\tGET {Path} HTTP/1.1", $"GET\u000B{Path} HTTP/1.1", $"GET {Path}\u000BHTTP/1.1", $"GET {Path}\u000CHTTP/1.1", $"GET\r{Path} HTTP/1.1", $"GET {Path}\rHTTP/1.1", $"GET {Path} HTTP/1.1\r", $"GET {Path} HTTP/1.1\rX: y",
            $"GET {Path} HTTP/01.1", $"GET {Path} HTTP/1.10", $"GET {Path} HTTP/1.01", $"GET {Path} HTTP/1", $"GET {Path} HTTP/1.", $"GET {Path} HTTP/1.1x", $"GET {Path} HTTP/1.2", $"GET {Path} HTTP/2.0", $"GET {Path} HTTP/0.9", $"GET {Path} HTTP/3", $"GET {Path} http/1.1", $"GET {Path} HTTP /1.1", $"GET {Path} HTTP/ 1.1", $"GET {Path} HTTP/1,1", $"GET {Path} HTTP/1\u0031.1", $"GET {Path} HTTPS/1.1", $"GET {Path} ICAP/1.0", $"GET {Path} HTTP/+1.1", $"GET {Path} HTTP/1.1 HTTP/1.1", $"GET {Path} x HTTP/1.1",
            $"GET {Path}", "GET", $"GET {Path} ", $"{Path} HTTP/1.1", $"GET{Path} HTTP/1.1", $"G\0ET {Path} HTTP/1.1", $"G ET {Path} HTTP/1.1", $"GET, {Path} HTTP/1.1", $"GET: {Path} HTTP/1.1", $"\"GET\" {Path} HTTP/1.1", $"G\u00C9T {Path} HTTP/1.1", $"({Path} HTTP/1.1",
            $"GET {Path}\0 HTTP/1.1", $"GET {Path}\u0001 HTTP/1.1", $"GET {Path}\u007F HTTP/1.1", $"GET {Path}\u00FF HTTP/1.1", $"GET {Path}?a b HTTP/1.1", $"GET {Path}\n HTTP/1.1", $"GET {Path[1..]} HTTP/1.1", $"GET * HTTP/1.1", $"GET {Path}%00 HTTP/1.1", $"GET \\{Path} HTTP/1.1", $"GET ?{Path} HTTP/1.1",
            $"CONNECT {Path} HTTP/1.1", $"CONNECT {Host}:443 HTTP/1.1", $"CONNECT {Host} HTTP/1.1", $"CONNECT http://{Host}{Path} HTTP/1.1", $"GET {Host}:443 HTTP/1.1", $"PRI * HTTP/2.0",
        })
        {
            yield return new($"request line {Shown(line)}", $"{line}\r\nHost: {Host}\r\nX: y\r\n\r\n", Outcome.Refused);
        }

        foreach (var line in new[] { $"GET {Path}  HTTP/1.1", $"\r\nGET {Path} HTTP/1.1", $"\nGET {Path} HTTP/1.1", $"\r\n\r\nGET {Path} HTTP/1.1", $"GET {Path}#x HTTP/1.1", $"get {Path} HTTP/1.1", $"GET {Path}?a=%0d%0aX:%20y HTTP/1.1", $"GET /x/..{Path} HTTP/1.1", $"GET /{Path} HTTP/1.1", $"SMUGGLE {Path} HTTP/1.1", $"OPTIONS * HTTP/1.1", $"TRACE {Path} HTTP/1.1" })
            yield return new($"request line {Shown(line)}", $"{line}\r\nHost: {Host}\r\n\r\n", Outcome.OnceOrRefused);
        yield return new("request line HTTP/0.9", $"GET {Path}\r\n", Outcome.Refused);
        yield return new("request line bare LF", $"GET {Path} HTTP/1.1\nHost: {Host}\n\n", Outcome.Refused);
        yield return new("request line bare LF, then CRLF", $"GET {Path} HTTP/1.1\nHost: {Host}\r\n\r\n", Outcome.Refused);
        yield return new("request line bare CR", $"GET {Path} HTTP/1.1\rHost: {Host}\r\r", Outcome.Refused);
        yield return new("request line LF CR", $"GET {Path} HTTP/1.1\n\rHost: {Host}\n\r\n\r", Outcome.Refused);
    }
}
