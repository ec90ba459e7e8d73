using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge;

/// <summary>The corpus of wrong answers of backends.</summary>
internal static class WrongAnswers
{
    /// <summary>A field by which a test sees that a reply has fields of the backend.</summary>
    public const string Mark = "X-Backend: secret";

    /// <summary>A whole answer that no request has asked for.</summary>
    public const string Poison = "HTTP/1.1 200 OK\r\nX-Poison: 1\r\nContent-Length: 6\r\n\r\npoison";

    private const string Chunked = "Transfer-Encoding: chunked\r\n";

    private const char Pause = '\uffff';

    public static IReadOnlyList<WrongAnswer> All { get; } = [.. StatusLines(), .. Fields(), .. Lengths(), .. Chunks(), .. Interims(), .. Bodiless(), .. Cuts(), .. Poisons()];

    private static string Head(string fields, string status = "HTTP/1.1 200 OK") => $"{status}\r\n{Mark}\r\n{fields}\r\n";

    private static WrongAnswer Refused(string name, string bytes, AfterAnswer end = AfterAnswer.Closes) => new(name, bytes, Outcome.Refused, End: end);

    private static IEnumerable<WrongAnswer> StatusLines()
    {
        foreach (var line in new[]
        {
            "", "HTTP", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 2", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1 -20 OK", "HTTP/1.1 +20 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 0x1 OK",
            "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", " HTTP/1.1 200 OK", "HTTP/1.1 200OK", "HTTP/2 200 OK", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "HTTP/3.1 200 OK", "HTTP/11.1 200 OK",
            "HTTP/1.x 200 OK", "http/1.1 200 OK", "HTTPS/1.1 200 OK", "ICY 200 OK", "HTCPCP/1.0 418 teapot", "200 OK", "<html>", "SSH-2.0-OpenSSH", "GET / HTTP/1.1",
            "HTTP/1.1 000 Zero", "HTTP/1.1 001 One", "HTTP/1.1 099 Low", "HTTP/1.1 600 High", "HTTP/1.1 666 Beast", "HTTP/1.1 999 Deny",
        })
        {
            yield return Refused($"status line '{line}'", Head("Content-Length: 2\r\n", line) + "no");
        }

        yield return Refused("nothing, closed", "");
        yield return new("nothing, reset", "", Outcome.Refused, End: AfterAnswer.Resets);
        yield return Refused("a TLS alert", "\u0015\u0003\u0001\0\u0002\u0002\u0016");
        yield return Refused("an HTTP/2 preface", "\0\0\u0012\u0004\0\0\0\0\0\0\u0003\0\0\0\u0064\0\u0004\0\0\uff00");
        yield return Refused("zeros", new string('\0', 100));
        yield return Refused("a line without end", new string('x', 100_000));
        yield return new("HTTP/1.0", Head("Content-Length: 2\r\n", "HTTP/1.0 200 OK") + "ok", Outcome.Complete, Body: "ok");
        yield return new("HTTP/1.2", Head("Content-Length: 2\r\n", "HTTP/1.2 200 OK") + "ok", Outcome.Complete, Body: "ok");
        yield return new("no reason", Head("Content-Length: 2\r\n", "HTTP/1.1 200 ") + "ok", Outcome.Complete, Body: "ok");
        yield return new("status 599", Head("Content-Length: 2\r\n", "HTTP/1.1 599 Odd") + "ok", Outcome.Complete, 599, "ok");
    }

    private static IEnumerable<WrongAnswer> Fields()
    {
        foreach (var field in new[]
        {
            "X Y: a", ": a", "X", "X\u0001: a", "X(: a", "X\": a", "\u00e9: a", "X: a\u0001b", "X: a\u007fb", "X\0: a",
        })
        {
            yield return new($"field '{field}'", Head($"Content-Length: 2\r\n{field}\r\n") + "no", Outcome.Refused);
        }

        // RFC 9110, 5.5: refused, or a blank takes the place of the control character, as in the HTTP client.
        foreach (var field in new[] { "X: a\0b", "X: a\rb", "X: a\rSet-Cookie: a=b" })
        {
            yield return TestController.ForwardsDirectly
                ? new($"field '{field}'", Head($"Content-Length: 2\r\n{field}\r\n") + "no", Outcome.Refused)
                : new($"field '{field}'", Head($"Content-Length: 2\r\n{field}\r\n") + "ok", Outcome.Complete, Body: "ok");
        }

        yield return Refused("a head without end", "HTTP/1.1 200 OK\r\nContent-");
        yield return Refused("a head without end, reset", "HTTP/1.1 200 OK\r\n" + Mark, AfterAnswer.Resets);
        yield return Refused("a head that is cut after a field", "HTTP/1.1 200 OK\r\n" + Mark + "\r\n");
        yield return Refused("a field that is too large", Head($"X: {new string('x', 200_000)}\r\nContent-Length: 2\r\n") + "no");
        yield return Refused("too many fields", Head(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"X-{i}: 1\r\n")) + "Content-Length: 2\r\n") + "no");
    }

    private static IEnumerable<WrongAnswer> Lengths()
    {
        yield return Refused("two lengths", Head("Content-Length: 1\r\nContent-Length: 2\r\n") + "no");
        yield return Refused("two lengths in one field", Head("Content-Length: 1, 2\r\n") + "no");
        foreach (var length in new[] { "-1", "+2", "0x2", "2x", "1e0", "99999999999999999999" })
            yield return new($"length '{length}'", Head($"Content-Length: {length}\r\n") + "no", Outcome.RefusedOrCut, Body: "no");
        yield return new("more than the length", Head("Content-Length: 2\r\n") + "okmore", Outcome.Complete, Body: "ok");
        yield return new("more than no length", Head("Content-Length: 0\r\n") + "more", Outcome.Complete);
        yield return new("chunked and a length", Head($"{Chunked}Content-Length: 1\r\n") + "2\r\nok\r\n0\r\n\r\n", Outcome.Complete, Body: "ok");
        yield return new("until close", Head("") + "ok", Outcome.Complete, Body: "ok");
        yield return new("until close, HTTP/1.0", Head("", "HTTP/1.0 200 OK") + "ok", Outcome.Complete, Body: "ok");
    }

    private static IEnumerable<WrongAnswer> Chunks()
    {
        foreach (var size in new[] { "zz", "-1", "+2", "0x2", "", " ", "g", "2 2", "10000000000000000", ";x", "\u00b2" })
            yield return new($"chunk of size '{size}'", Head(Chunked) + $"2\r\nok\r\n{size}\r\nno\r\n0\r\n\r\n", Outcome.RefusedOrCut, Body: "ok");
        yield return new("a chunk that is longer than its size", Head(Chunked) + "2\r\nokno\r\n0\r\n\r\n", Outcome.RefusedOrCut, Body: "ok");
        yield return new("a chunk that is shorter than its size", Head(Chunked) + "4\r\nok\r\n0\r\n\r\n", Outcome.RefusedOrCut, Body: "ok\r\n");
        yield return new("a chunk of 16 EiB", Head(Chunked) + "2\r\nok\r\nffffffffffffffff\r\nno", Outcome.RefusedOrCut, Body: "okno");
        yield return new("a size without end", Head(Chunked) + "2\r\nok\r\n" + new string('0', 50_000), Outcome.RefusedOrCut, Body: "ok");
        yield return new("an extension without end", Head(Chunked) + "2\r\nok\r\n2;" + new string('x', 50_000), Outcome.RefusedOrCut, Body: "ok");
        yield return new("no last chunk", Head(Chunked) + "2\r\nok\r\n", Outcome.RefusedOrCut, Body: "ok");
        yield return new("no last line", Head(Chunked) + "2\r\nok\r\n0\r\n", Outcome.RefusedOrCut, Body: "ok");
        yield return new("an extension", Head(Chunked) + "2;a=b\r\nok\r\n0\r\n\r\n", Outcome.Complete, Body: "ok");
        yield return new("a trailer", Head(Chunked) + "2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n", Outcome.Complete, Body: "ok");
        yield return new("trailers of framing", Head(Chunked) + "2\r\nok\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n", Outcome.Complete, Body: "ok");
        yield return new("an invalid trailer", Head(Chunked) + "2\r\nok\r\n0\r\nX Y: 1\r\n\r\n", Outcome.RefusedOrCut, Body: "ok");
    }

    private static IEnumerable<WrongAnswer> Interims()
    {
        var ok = Head("Content-Length: 2\r\n") + "ok";
        foreach (var status in new[] { "100 Continue", "102 Processing", "103 Early Hints", "199 Odd" })
        {
            yield return new($"{status} before the answer", Head("", $"HTTP/1.1 {status}") + ok, Outcome.Complete, Body: "ok");
            yield return Refused($"{status} and no answer", Head("", $"HTTP/1.1 {status}"));
            yield return Refused($"{status} and a reset", Head("", $"HTTP/1.1 {status}") + Pause, AfterAnswer.Resets);
        }

        yield return new("many interim answers", string.Concat(Enumerable.Repeat(Head("", "HTTP/1.1 103 Early Hints"), 100)) + ok, Outcome.Complete, Body: "ok");
        yield return Refused("101 that was not asked for", Head("Connection: Upgrade\r\nUpgrade: tcp\r\n", "HTTP/1.1 101 Switching Protocols") + Poison, AfterAnswer.Stays);
        yield return Refused("101 with a length", Head("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n", "HTTP/1.1 101 Switching Protocols") + "no");
        yield return Refused("101 without Upgrade", Head("", "HTTP/1.1 101 Switching Protocols") + Poison);
        yield return Refused("101 after 103", Head("", "HTTP/1.1 103 Early Hints") + Head("Upgrade: h2c\r\n", "HTTP/1.1 101 Switching Protocols") + Poison);
        yield return Refused("garbage after 100", Head("", "HTTP/1.1 100 Continue") + "garbage\r\n\r\n");
    }

    private static IEnumerable<WrongAnswer> Bodiless()
    {
        yield return new("204 with a length", Head("Content-Length: 2\r\n", "HTTP/1.1 204 No Content") + "no", Outcome.Complete, 204);
        yield return new("204 with chunks", Head(Chunked, "HTTP/1.1 204 No Content") + "2\r\nno\r\n0\r\n\r\n", Outcome.Complete, 204);
        yield return new("304 with a body", Head("Content-Length: 2\r\n", "HTTP/1.1 304 Not Modified") + "no", Outcome.Complete, 304);
        yield return new("205 with a body", Head("Content-Length: 2\r\n", "HTTP/1.1 205 Reset Content") + "no", Outcome.Complete, 205);
        yield return new("205 with chunks", Head(Chunked, "HTTP/1.1 205 Reset Content") + "2\r\nno\r\n0\r\n\r\n", Outcome.Complete, 205);
        yield return new("204 with a whole answer after it", Head("", "HTTP/1.1 204 No Content") + Poison, Outcome.Complete, 204, End: AfterAnswer.Stays);
        yield return new("304 with a whole answer after it", Head("Content-Length: 62\r\n", "HTTP/1.1 304 Not Modified") + Poison, Outcome.Complete, 304, End: AfterAnswer.Stays);
    }

    private static IEnumerable<WrongAnswer> Cuts()
    {
        foreach (var end in new[] { AfterAnswer.Closes, AfterAnswer.Resets })
        {
            yield return new($"a length, {end}", Head("Content-Length: 100\r\n") + "part" + Pause, Outcome.Cut, Body: "part", End: end);
            yield return new($"a long part, {end}", Head("Content-Length: 100000\r\n") + new string('p', 90_000) + Pause, Outcome.Cut, Body: new string('p', 90_000), End: end);
            yield return new($"after a chunk, {end}", Head(Chunked) + "4\r\npart\r\n" + Pause, Outcome.Cut, Body: "part", End: end);
            yield return new($"within a chunk, {end}", Head(Chunked) + "40\r\npart" + Pause, Outcome.Cut, Body: "part", End: end);
            yield return new($"a wrong chunk after a part, {end}", Head(Chunked) + "4\r\npart\r\n" + Pause + "zz\r\n", Outcome.Cut, Body: "part", End: end);
            yield return new($"a length and no body, {end}", Head("Content-Length: 100\r\n"), Outcome.RefusedOrCut, End: end);
        }

        yield return new("until close, reset", Head("") + "part" + Pause, Outcome.Cut, Body: "part", End: AfterAnswer.Resets);
    }

    private static IEnumerable<WrongAnswer> Poisons()
    {
        foreach (var pause in new[] { "", $"{Pause}" })
        {
            foreach (var end in new[] { AfterAnswer.Closes, AfterAnswer.Stays })
            {
                var when = $"{(pause.Length == 0 ? "at once" : "later")}, {end}";
                yield return new($"an answer after a length, {when}", Head("Content-Length: 2\r\n") + "ok" + pause + Poison, Outcome.Complete, Body: "ok", End: end);
                yield return new($"an answer after the last chunk, {when}", Head(Chunked) + "2\r\nok\r\n0\r\n\r\n" + pause + Poison, Outcome.Complete, Body: "ok", End: end);
                yield return new($"an answer after no body, {when}", Head("Content-Length: 0\r\n") + pause + Poison, Outcome.Complete, End: end);
                yield return new($"an interim answer after a length, {when}", Head("Content-Length: 2\r\n") + "ok" + pause + "HTTP/1.1 100 Continue\r\n\r\n" + Poison, Outcome.Complete, Body: "ok", End: end);
                yield return new($"a line end after a length, {when}", Head("Content-Length: 2\r\n") + "ok" + pause + "\r\n" + Poison, Outcome.Complete, Body: "ok", End: end);
                yield return new($"half a head after a length, {when}", Head("Content-Length: 2\r\n") + "ok" + pause + "HTTP/1.1 200 OK\r\nX-Poison: 1\r\nX: ", Outcome.Complete, Body: "ok", End: end);
                yield return new($"many answers after a length, {when}", Head("Content-Length: 2\r\n") + "ok" + pause + string.Concat(Enumerable.Repeat(Poison, 200)), Outcome.Complete, Body: "ok", End: end);
            }
        }
    }
}
