namespace IngressController.Tests.Edge.Smuggling;

/// <summary>Connections: hop-by-hop fields, older versions, and what follows a request.</summary>
internal static partial class Http1Corpus
{
    private static string Length => $"Content-Length: {Smuggled.Length}\r\n";

    private static IEnumerable<SmugglingVariant> ConnectionFields()
    {
        // A request in a body stays a body, whatever the fields of the connection say.
        foreach (var fields in new[]
        {
            "Connection: Content-Length", "Connection: content-length, close", "Connection: Transfer-Encoding", "Connection: Host", "Connection: close, Content-Length", "Connection: keep-alive, Host", "Connection: X\r\nX: y", "Connection: ,", "Connection: close\r\nConnection: keep-alive",
            "Keep-Alive: timeout=1", "Proxy-Connection: keep-alive", "TE: trailers", "TE: chunked", "TE: gzip", "Trailer: Content-Length", "Trailer: X",
            "Connection: Upgrade\r\nUpgrade: websocket", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", "Connection: Upgrade\r\nUpgrade: h2c", "Connection: Upgrade\r\nUpgrade: TLS/1.2", "Connection: Upgrade\r\nUpgrade: HTTP/2.0", "Upgrade: websocket", "Connection: Upgrade\r\nUpgrade: tcp",
            "Expect: 100-continue", "Expect: 100-Continue", "X-HTTP-Method-Override: CONNECT", "X-Forwarded-Host: other.example", "Forwarded: host=other.example", "Content-Type: message/http", "Content-Encoding: chunked", "Content-Range: bytes 0-1/2", "Sec-WebSocket-Key: x", "Max-Forwards: 0",
        })
        {
            yield return new($"connection fields {Shown(fields)}", Head("POST", $"{fields}\r\n{Length}") + Smuggled, Outcome.OnceOrRefused);
        }

        foreach (var expect in new[] { "Expect: 100-continue, x", "Expect: x", "Expect:", "Expect: 100-continue\r\nExpect: x", "Expect: 200-ok", "Expect: \"100-continue\"", "Expect: 100-continue;x", "Expect: 100-continue\0" })
            yield return new($"expect {Shown(expect)}", Head("POST", $"{expect}\r\n{Length}") + Smuggled, expect.Contains('\0', StringComparison.Ordinal) ? Outcome.Refused : Outcome.OnceOrRefused);
        foreach (var method in new[] { "HEAD", "DELETE", "OPTIONS", "PATCH", "SMUGGLE", "GET" })
        {
            if (method != "GET")
                yield return new($"body of {method}", Head(method, Length) + Smuggled, Outcome.Arrives);
            yield return new($"chunks of {method}", Head(method, "Transfer-Encoding: chunked\r\n") + $"{Smuggled.Length:x}\r\n{Smuggled}\r\n{Last}", Outcome.Arrives);
        }

        yield return new("body of TRACE", Head("TRACE", Length) + Smuggled, Outcome.OnceOrRefused);
        yield return new("body of CONNECT", $"CONNECT {Host}:80 HTTP/1.1\r\nHost: {Host}:80\r\n{Length}\r\n{Smuggled}", Outcome.Refused);
    }

    private static IEnumerable<SmugglingVariant> Http10()
    {
        // RFC 9112, 6.1: a transfer coding in a request of HTTP/1.0 makes its framing faulty.
        yield return Old("chunked", $"Host: {Host}\r\nTransfer-Encoding: chunked\r\n", $"{Last}{Smuggled}", Outcome.Refused);
        yield return Old("chunked, keep-alive", $"Host: {Host}\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n", $"{Last}{Smuggled}", Outcome.Refused);
        yield return Old("chunked and length", $"Host: {Host}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", $"{Last}{Smuggled}", Outcome.Refused);
        yield return Old("length", $"Host: {Host}\r\n{Length}", Smuggled, Outcome.Arrives);
        yield return Old("length, keep-alive", $"Host: {Host}\r\nConnection: keep-alive\r\n{Length}", Smuggled, Outcome.Arrives);
        yield return Old("no length", $"Host: {Host}\r\nX: y\r\n", Smuggled, Outcome.OnceOrRefused);
        yield return Old("no host", "X: y\r\n", "", Outcome.OnceOrRefused);
        yield return Old("two hosts", $"Host: {Host}\r\nHost: other.example\r\n", "", Outcome.Refused);
        yield return Old("Expect", $"Host: {Host}\r\nExpect: 100-continue\r\n{Length}", Smuggled, Outcome.OnceOrRefused);
        yield return Old("Upgrade", $"Host: {Host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n", Smuggled, Outcome.OnceOrRefused);
    }

    private static SmugglingVariant Old(string name, string fields, string body, Outcome outcome) =>
        new($"HTTP/1.0 {name}", $"POST {Path} HTTP/1.0\r\n{fields}\r\n{body}", outcome);

    /// <summary>After a request that is refused, nothing on its connection is a request.</summary>
    private static IEnumerable<SmugglingVariant> Pipelines()
    {
        foreach (var first in new[]
        {
            $"GET {Path} HTTP/1.1\r\n\r\n", $"GET {Path} HTTP/9.9\r\nHost: {Host}\r\n\r\n", $"GET {Path} HTTP/1.1\r\nHost: {Host}\r\nContent-Length: x, y\r\n\r\n", $"GET {Path} HTTP/1.1\r\nHost: {Host}\r\nTransfer-Encoding: x\r\n\r\n", $"GET {Path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", $"GET {Path} HTTP/1.1\r\nHost: {Host}\r\nX : y\r\n\r\n",
            $"GET /{new string('x', 9000)} HTTP/1.1\r\nHost: {Host}\r\n\r\n", $"GET {Path} HTTP/1.1\r\nHost: {Host}\r\nX: {new string('x', 40_000)}\r\n\r\n", $"POST {Path} HTTP/1.1\r\nHost: {Host}\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", $"CONNECT {Path} HTTP/1.1\r\nHost: {Host}\r\n\r\n", "\0\0\0\0", "x\r\n", "\u0016\u0003\u0001\r\n",
        })
        {
            yield return new($"pipeline after {Shown(first.Length > 200 ? $"{first[..60]}...({first.Length})" : first)}", first + Smuggled, Outcome.Refused);
        }

        // Announced too large: the body is not read as requests.
        yield return new("pipeline after 413", $"POST {Path} HTTP/1.1\r\nHost: {Host}\r\nContent-Length: 2000000\r\n\r\n{Smuggled}", Outcome.Refused);
        yield return new("pipeline after 413, chunks", $"POST {Path} HTTP/1.1\r\nHost: {Host}\r\nTransfer-Encoding: chunked\r\n\r\n1E8480\r\n{Smuggled}", Outcome.Refused);
    }
}
