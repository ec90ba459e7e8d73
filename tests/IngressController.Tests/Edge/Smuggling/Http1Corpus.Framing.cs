using System.Text.RegularExpressions;

namespace IngressController.Tests.Edge.Smuggling;

/// <summary>Lengths that are given twice or in a way that readers differ about (RFC 9112, 6).</summary>
internal static partial class Http1Corpus
{
    /// <summary>Lines about the transfer encoding, and whether they mean chunked to a strict reader.</summary>
    private static (string Text, bool IsChunked)[] TransferEncodings =>
    [
        ("Transfer-Encoding: chunked", true), ("Transfer-Encoding:chunked", true), ("Transfer-Encoding:\tchunked", true), ("Transfer-Encoding: \t chunked \t", true),
        ("transfer-encoding: chunked", true), ("TRANSFER-ENCODING: CHUNKED", true), ("Transfer-Encoding: chUNKed", true),
        ("Transfer-Encoding : chunked", false), ("Transfer-Encoding\t: chunked", false), (" Transfer-Encoding: chunked", false), ("\tTransfer-Encoding: chunked", false),
        ("Transfer-Encoding: \u000Bchunked", false), ("Transfer-Encoding:\u000Cchunked", false), ("Transfer-Encoding: chunked\u000B", false), ("Transfer-Encoding: chunked\u000C", false),
        ("Transfer-Encoding: \0chunked", false), ("Transfer-Encoding: chunked\0", false), ("Transfer-Encoding: chu\0nked", false), ("Transfer-Encoding: chunked\u0001", false),
        ("Transfer-Encoding: \u00A0chunked", false), ("Transfer-Encoding: chunked\u00A0", false), ("Transfer-Encoding: chunked\u0085", false), ("Transfer-Encoding: \u00FFchunked", false),
        ("Transfer-Encoding: \u007Fchunked", false), ("Transfer-Encoding: ch\u0096nked", false), ("Transfer-Encoding: \u00E2\u0080\u008Bchunked", false),
        ("Transfer-Encoding: \"chunked\"", false), ("Transfer-Encoding: 'chunked'", false), ("Transfer-Encoding: <chunked>", false), ("Transfer-Encoding: (x) chunked", false),
        ("Transfer-Encoding: xchunked", false), ("Transfer-Encoding: x-chunked", false), ("Transfer-Encoding: chunkedx", false), ("Transfer-Encoding: chunk", false), ("Transfer-Encoding: chunkedchunked", false),
        ("Transfer-Encoding: identity", false), ("Transfer-Encoding: identity, chunked", false), ("Transfer-Encoding: chunked, identity", false),
        ("Transfer-Encoding: chunked, chunked", false), ("Transfer-Encoding: chunked,chunked", false), ("Transfer-Encoding: ,chunked", false), ("Transfer-Encoding: chunked,", false), ("Transfer-Encoding: , ,chunked", false),
        ("Transfer-Encoding: gzip, chunked", false), ("Transfer-Encoding: chunked, gzip", false), ("Transfer-Encoding: gzip", false), ("Transfer-Encoding: deflate", false), ("Transfer-Encoding: cow", false), ("Transfer-Encoding: cow, chunked", false),
        ("Transfer-Encoding: chunked;q=1", false), ("Transfer-Encoding: chunked ; x", false), ("Transfer-Encoding: chunked foo", false), ("Transfer-Encoding: foo chunked", false), ("Transfer-Encoding: chunked\tfoo", false), ("Transfer-Encoding: chunked: x", false),
        ("Transfer-Encoding:", false), ("Transfer-Encoding: ", false), ("Transfer-Encoding: 0", false), ("Transfer-Encoding: null", false),
        ("Transfer-Encoding:\r\n chunked", false), ("Transfer-Encoding: chun\r\n ked", false), ("Transfer-Encoding: x\r\n\tchunked", false), ("X: y\r\n Transfer-Encoding: chunked", false), ("Transfer-Encoding\r\n : chunked", false), ("Transfer-Encoding: chunked\r\n ", false),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", false), ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", false), ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", false),
        ("Transfer-Encoding: chunked\r\nTransfer-encoding: cow", false), ("Transfer-Encoding: cow\r\nTransfer-Encoding: chunked", false), ("Transfer-Encoding:\r\nTransfer-Encoding: chunked", false), ("Transfer-Encoding: chunked\r\nTransfer-Encoding:", false),
        ("Transfer-Encoding\0: chunked", false), ("\0Transfer-Encoding: chunked", false), ("Transfer-Encoding\u000B: chunked", false), ("Transfer-Encoding\u00A0: chunked", false), ("Transfer-Encoding\u00AD: chunked", false), ("Transfer\u00AD-Encoding: chunked", false),
        ("Transfer Encoding: chunked", false), ("Transfer-Encoding:: chunked", false), (":Transfer-Encoding: chunked", false), ("Transfer-Encoding chunked", false), ("Transfer-Encoding=chunked", false),
        ("X: y\nTransfer-Encoding: chunked", false), ("X: y\rTransfer-Encoding: chunked", false), ("X\nTransfer-Encoding: chunked", false), ("X\rTransfer-Encoding: chunked", false), ("Transfer-Encoding: chunked\n", false), ("Transfer-Encoding: chunked\r", false), ("Transfer-Encoding:\nchunked", false), ("\nTransfer-Encoding: chunked", false), ("\rTransfer-Encoding: chunked", false),
        ("Trans\rfer-Encoding: chunked", false), ("Transfer-Encoding: chunk\red", false), ("Transfer-Encoding: chunk\ned", false),
    ];

    /// <summary>The length covers all; a reader of chunks finds a second request behind the last chunk.</summary>
    private static SmugglingVariant ClTe(string line)
    {
        var body = $"0\r\n\r\n{Smuggled}";
        return new($"CL.TE {Shown(line)}", Head("POST", $"Content-Length: {body.Length}\r\n{line}\r\n") + body, Outcome.Refused);
    }

    /// <summary>The chunks cover all; a reader of the length finds a second request behind the first line.</summary>
    private static SmugglingVariant TeCl(string line)
    {
        var size = $"{Smuggled.Length:x}\r\n";
        return new($"TE.CL {Shown(line)}", Head("POST", $"{line}\r\nContent-Length: {size.Length}\r\n") + size + Smuggled + "\r\n0\r\n\r\n", Outcome.Refused);
    }

    /// <summary>One reader sees chunks, the other no body.</summary>
    private static SmugglingVariant Te(string line) => new($"TE {Shown(line)}", Head("POST", $"{line}\r\n") + $"0\r\n\r\n{Smuggled}", Outcome.Refused);

    /// <summary>Lines about the length of the body; N stands for the right one.</summary>
    private static IEnumerable<(string Lines, Outcome Outcome)> ContentLengths()
    {
        string[] refused =
        [
            "Content-Length: +N", "Content-Length: -N", "Content-Length: -0", "Content-Length: +0", "Content-Length: 0xN", "Content-Length: 0x0", "Content-Length: N N", "Content-Length: 0 N", "Content-Length: N\tN",
            "Content-Length: N,N", "Content-Length: N, N", "Content-Length: 0,N", "Content-Length: N, 0", "Content-Length: ,N", "Content-Length: N,", "Content-Length: N;", "Content-Length: N;x", "Content-Length: N.0", "Content-Length: Ne0", "Content-Length: 1_0",
            "Content-Length: \"N\"", "Content-Length: 'N'", "Content-Length: (N)", "Content-Length: N\0", "Content-Length: \0N", "Content-Length: 0\0N", "Content-Length: N\u000B", "Content-Length: \u000BN", "Content-Length: N\u000C", "Content-Length: \u000CN", "Content-Length: N\u00A0", "Content-Length: \u00A0N", "Content-Length: N\u0085", "Content-Length: N\u0001", "Content-Length: N\u007F", "Content-Length: \u00EF\u00BC\u0094", "Content-Length: \u00B2",
            "Content-Length:", "Content-Length: ", "Content-Length: x", "Content-Length: Nx", "Content-Length: xN", "Content-Length: N#", "Content-Length: Infinity",
            "Content-Length: 18446744073709551616", "Content-Length: 9223372036854775808", "Content-Length: 99999999999999999999", "Content-Length: 340282366920938463463374607431768211456",
            "Content-Length: 0\r\nContent-Length: N", "Content-Length: N\r\nContent-Length: 0", "Content-Length: 0\r\nContent-Length: 0", "Content-Length: N\r\nContent-Length: N", "content-length: 0\r\nCONTENT-LENGTH: N", "Content-Length: N\r\nContent-Length: x", "Content-Length:\r\nContent-Length: N", "Content-Length: N\r\nContent-Length:",
            "Content-Length : N", "Content-Length\t: N", " Content-Length: N", "\tContent-Length: N", "Content-Length\0: N", "Content-Length\u000B: N", "Content-Length\u00A0: N", "Content Length: N", "Content-Length:: N", "Content-Length N", "\u000BContent-Length: N", ":Content-Length: N",
            "Content-Length:\r\n N", "Content-Length: 0\r\n N", "Content-Length: N\r\n ", "X: y\r\n Content-Length: N", "X: y\r\n\tContent-Length: N", "Content-Length\r\n : N",
            "X: y\nContent-Length: N", "X: y\rContent-Length: N", "Content-Length: N\n", "Content-Length: N\r", "Content-Length:\nN", "Content-Length:\rN", "Content-Length: 0\rN", "\nContent-Length: N", "\rContent-Length: N", "Con\rtent-Length: N", "Content-Length: 0\nContent-Length: N",
        ];
        return
        [
            .. refused.Select(lines => (lines, Outcome.Refused)),
            ("Content-Length: N", Outcome.Arrives), ("Content-Length:N", Outcome.Arrives), ("content-length: N", Outcome.Arrives), ("Content-Length:\tN\t", Outcome.Arrives), ("Content-Length:   N   ", Outcome.Arrives),
            ("Content-Length: 0N", Outcome.OnceOrRefused), ("Content-Length: 000000000000000000000000N", Outcome.OnceOrRefused),
            ("Content-Length: N\r\nContent_Length: 0", Outcome.OnceOrRefused), ("Content_Length: 0\r\nContent-Length: N", Outcome.OnceOrRefused), ("Content-Length: N\r\nX-Content-Length: 0", Outcome.Arrives),
        ];
    }

    private static SmugglingVariant Cl(string method, (string Lines, Outcome Outcome) length)
    {
        var lines = RightLength().Replace(length.Lines, $"{Smuggled.Length}");
        return new($"CL {method} {Shown(length.Lines)}", Head(method, $"{lines}\r\n") + Smuggled, length.Outcome);
    }

    [GeneratedRegex("(?<![A-Z])N(?![A-Z])")]
    private static partial Regex RightLength();
}
