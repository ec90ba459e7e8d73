namespace IngressController.Tests.Edge.Smuggling;

/// <summary>Lengths, fields and trailers.</summary>
internal static partial class Http2Corpus
{
    private static IEnumerable<Http2Variant> ContentLengths()
    {
        var right = $"{Smuggled.Length}";
        foreach (var length in new[]
        {
            "0", "1", $"{Smuggled.Length - 1}", $"{Smuggled.Length + 1}", "1000", $"+{right}", $"-{right}", "-0", $"0x{right}", $"{right},{right}", $"{right}, 0", $"{right} {right}", $"{right};", $"{right}.0", "", " ", "x", $" {right}", $"{right} ", $"{right}\t", $"{right}\0", $"{right}\v", "18446744073709551616", "99999999999999999999", $"{right}\r\nTransfer-Encoding: chunked",
        })
        {
            yield return Post($"content-length {Shown(length)}", [Smuggled], ("content-length", length));
        }

        yield return Post("content-length twice, other", [Smuggled], ("content-length", "0"), ("content-length", right));
        yield return Post("content-length twice, other last", [Smuggled], ("content-length", right), ("content-length", "0"));
        yield return Post("content-length twice, same", [Smuggled], ("content-length", right), ("content-length", right)) with { Outcome = Outcome.OnceOrRefused };
        yield return Get("content-length without a body", ("content-length", right));
        yield return Get("content-length 0 without a body", ("content-length", "0")) with { Outcome = Outcome.Arrives };
        yield return Post("content-length right", [Smuggled], ("content-length", right)) with { Outcome = Outcome.Arrives };
        yield return Post("content-length none", [Smuggled]) with { Outcome = Outcome.Arrives };
        yield return Post("content-length zeros", [Smuggled], ("content-length", $"000{right}")) with { Outcome = Outcome.OnceOrRefused };
        yield return Post("content-length more than DATA in two frames", ["x", Smuggled], ("content-length", "1"));
        yield return Post("content-length less than DATA, empty frames", ["", "", Smuggled, ""], ("content-length", "1000"));
        yield return Post("content-length underscore", [Smuggled], ("content_length", "0")) with { Outcome = Outcome.OnceOrRefused };
        yield return Post("content-length chunks as data", [$"0\r\n\r\n{Smuggled}"]) with { Outcome = Outcome.Arrives };
        yield return Post("content-length DATA after the end", [Smuggled]) with { DataAfterEnd = Smuggled, Outcome = Outcome.OnceOrRefused };
        yield return Get("content-length DATA after a GET", []) with { DataAfterEnd = Smuggled, Outcome = Outcome.OnceOrRefused };
    }

    private static IEnumerable<Http2Variant> Values()
    {
        foreach (var split in Splits)
        {
            yield return Get($"values x {Shown(split)}", ("x", $"y{split}"));
            yield return Get($"values x {Shown(split)}z", ("x", $"y{split}z"));
            yield return Get($"values cookie {Shown(split)}", ("cookie", $"a=b{split}"));
            yield return Get($"values user-agent {Shown(split)}", ("user-agent", $"{split}a"));
        }

        foreach (var value in new[] { " y", "y ", "\ty", "y\t", " ", "\t", "y\u0001", "y\u007F", "y\u000B", "\u0080", "\u00FF\u00E9", "" })
            yield return Get($"values x {Shown(value)}", ("x", value)) with { Outcome = Outcome.OnceOrRefused };
    }

    private static IEnumerable<Http2Variant> Names()
    {
        foreach (var name in new[]
        {
            "x\r\nhost: other.example\r\nz", "x: y\r\ntransfer-encoding", "x\n", "x\r", "x\0", "x y", " x", "x ", "x\t", "x:", "x:y", ":", "", "x: y", "transfer-encoding: chunked\r\nx", "x\u0001", "x\u007F", "x\u0080", "\u00E9", "X", "Transfer-Encoding", "Content-Length", "Host", "x(", "x)", "x,", "x/", "x;", "x=", "x\"", "x@", "x[", "x\\", "x{", "x<", "x?", "content-length ", "transfer-encoding\t", "transfer-encoding\v",
        })
        {
            yield return Get($"names {Shown(name)}", (name, "chunked"));
        }

        foreach (var name in new[] { "transfer_encoding", "x!#$%&'*+-.^_`|~9" })
            yield return Get($"names {name}", (name, "chunked")) with { Outcome = Outcome.OnceOrRefused };
    }

    private static IEnumerable<Http2Variant> ConnectionFields()
    {
        foreach (var (name, value) in new[]
        {
            ("transfer-encoding", "chunked"), ("transfer-encoding", "identity"), ("transfer-encoding", ""), ("transfer-encoding", "gzip, chunked"), ("transfer-encoding", "xchunked"), ("connection", "close"), ("connection", "keep-alive"), ("connection", "x"), ("connection", "content-length"), ("connection", "transfer-encoding"), ("connection", "host"), ("connection", "upgrade"),
            ("keep-alive", "timeout=1"), ("proxy-connection", "keep-alive"), ("upgrade", "websocket"), ("upgrade", "h2c"), ("te", "gzip"), ("te", "chunked"), ("te", "trailers, chunked"), ("te", "trailers\r\nx: y"),
        })
        {
            yield return Post($"connection fields {name}: {Shown(value)}", [$"0\r\n\r\n{Smuggled}"], (name, value));
        }

        yield return Post("connection fields transfer-encoding and content-length", [$"0\r\n\r\n{Smuggled}"], ("transfer-encoding", "chunked"), ("content-length", $"{5 + Smuggled.Length}"));
        foreach (var (name, value) in new[] { ("te", "trailers"), ("http2-settings", "AAMAAABkAAQAAP__"), ("expect", "100-continue"), ("expect", "x"), ("trailer", "content-length"), ("proxy-authorization", "x"), ("x-http-method-override", "CONNECT") })
            yield return Post($"connection fields {name}: {value}", [$"0\r\n\r\n{Smuggled}"], (name, value)) with { Outcome = Outcome.OnceOrRefused };
    }

    private static IEnumerable<Http2Variant> Trailers()
    {
        foreach (var (name, value) in new[]
        {
            (":path", "/smuggled/000"), (":method", "GET"), (":authority", "other.example"), (":status", "200"), ("X", "y"), ("x y", "z"), ("x\r\nz", "y"), ("x", "y\r\nz: y"), ("x", "y\r\n\r\nGET /smuggled/000 HTTP/1.1\r\nHost: front.example\r\n\r\n"), ("x", "y\nz: y"), ("x", "\0"), ("x:", "y"), ("", "y"), ("transfer-encoding", "chunked"), ("connection", "close"),
        })
        {
            yield return Post($"trailers {Shown(name)}: {Shown(value)}", ["hello"]) with { Trailers = [(name, value)] };
        }

        foreach (var (name, value) in new[] { ("content-length", "0"), ("content-length", "50"), ("host", "other.example"), ("authorization", "x"), ("te", "trailers"), ("trailer", "x"), ("content-encoding", "gzip"), ("expect", "100-continue"), ("content_length", "0"), ("x", "y") })
            yield return Post($"trailers {name}: {value}", ["hello"]) with { Trailers = [(name, value)], Outcome = Outcome.OnceOrRefused };
        yield return Post("trailers with a length that is not met", ["hello"], ("content-length", "50")) with { Trailers = [("x", "y")] };
    }
}
