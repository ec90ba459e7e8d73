namespace IngressController.Tests.Edge.Smuggling;

/// <summary>Chunks and trailers (RFC 9112, 7.1).</summary>
internal static partial class Http1Corpus
{
    private const string Last = "0\r\n\r\n";

    private static IEnumerable<SmugglingVariant> Chunks()
    {
        foreach (var size in new[]
        {
            "-5", "+5", "0x5", "0X5", "5h", "5g", "5.0", "5,5", "5:5", "\"5\"", "'5'", "5\0", "\u00005", "5\u000B", "\u000B5", "5\u000C", "\u000C5", "5\u00A0", "\u00A05", "5\u0085", " 5", "\t5", "5 5", "5\t5", "",
            "FFFFFFFFFFFFFFFF", "8000000000000000", "7FFFFFFFFFFFFFFF", "10000000000000005", "100000000000000000000000000000005", "100000005", "FFFFFFFB", "80000005", "F0000000000000005", ";x", "=5", "5=", "5/", "5#", "x", "_5", "5_0",
        })
        {
            yield return Chunked($"size {Shown(size)}", $"{size}\r\nhello\r\n{Last}{Smuggled}");
        }

        foreach (var line in new[]
        {
            "5\n", "5\r", "5\r\r\n", "5\n\r\n", "5;x\n", "5;x\r", "5;x\ny\r\n", "5;x\ry\r\n", "5;x=\"\n\"\r\n", "5;x=\"\r\n\"\r\n", "5 \n",
        })
        {
            yield return Chunked($"line {Shown(line)}", $"{line}hello\r\n{Last}{Smuggled}");
        }

        foreach (var end in new[] { "", "\n", "\r", "\n\r", "X\r\n", "\r\r\n", "\n\n", " \r\n", "\0\r\n", "XX", "\r\nX\r\n" })
            yield return Chunked($"end {Shown(end)}", $"5\r\nhello{end}{Last}{Smuggled}");

        foreach (var last in new[]
        {
            "0\n\n", "0\r\n\n", "0\n\r\n", "0\r\r", "0\r\r\n\r\n", "0\r\n\r", "-0\r\n\r\n", "+0\r\n\r\n", "0x0\r\n\r\n", "0\0\r\n\r\n", "0 0\r\n\r\n", "\r\n\r\n", ";\r\n\r\n",
            "0\r\n", "0\r\nX\r\n\r\n", "0\r\n: x\r\n\r\n", "0\r\nX : y\r\n\r\n", "0\r\n X: y\r\n\r\n", "0\r\nX: y\r\n z\r\n\r\n", "0\r\nX: y\nZ: z\r\n\r\n", "0\r\nX: y\rZ: z\r\n\r\n", "0\r\nX\0: y\r\n\r\n", "0\r\nX: \0\r\n\r\n", "0\r\nX y: z\r\n\r\n", "0\r\nX: y\n\n",
        })
        {
            yield return Chunked($"last {Shown(last)}", $"5\r\nhello\r\n{last}{Smuggled}");
        }

        foreach (var (name, body) in new[]
        {
            ("plain", $"5\r\nhello\r\n{Last}"), ("zeros", $"005\r\nhello\r\n{Last}"), ("extension", $"5;x=y\r\nhello\r\n{Last}"), ("quoted extension", $"5;x=\"y;z\"\r\nhello\r\n{Last}"),
            ("extension of the last", "5\r\nhello\r\n0;x\r\n\r\n"), ("capitals", "A\r\nhelloworld\r\n0\r\n\r\n"), ("zeros of the last", "5\r\nhello\r\n000\r\n\r\n"), ("trailer", "5\r\nhello\r\n0\r\nX: y\r\n\r\n"), ("request as data", $"{Smuggled.Length:X}\r\n{Smuggled}\r\n{Last}"),
        })
        {
            yield return Chunked($"valid {name}", body, Outcome.Arrives);
        }

        // Fields that may not be trailers are dropped, or the request is refused.
        foreach (var trailer in new[] { "Content-Length: 5", "Transfer-Encoding: chunked", "Host: other.example", "Trailer: X", "Connection: close", "Authorization: x", "Content-Encoding: gzip", "TE: x", "Content_Length: 5", "Expect: 100-continue" })
            yield return Chunked($"trailer {trailer}", $"5\r\nhello\r\n0\r\n{trailer}\r\n\r\n", Outcome.OnceOrRefused);

        // Blanks and extensions that some readers allow.
        foreach (var size in new[] { "5 ", "5\t", "5 ;x", "5; x", "5;", "5;=", "5;x=", "5;\"", "5;x\u0000", "0000000000000005" })
            yield return Chunked($"size {Shown(size)}", $"{size}\r\nhello\r\n{Last}", Outcome.OnceOrRefused);
        yield return Chunked("longer than its size", $"3\r\nhello\r\n{Last}{Smuggled}");
        yield return Chunked("shorter than its size", $"A\r\nhello\r\n{Last}{Smuggled}");
        yield return Chunked("without an end", "5\r\nhello\r\n");
    }

    private static SmugglingVariant Chunked(string name, string body, Outcome outcome = Outcome.Refused) =>
        new($"chunks {name}", Head("POST", "Transfer-Encoding: chunked\r\n") + body, outcome);
}
