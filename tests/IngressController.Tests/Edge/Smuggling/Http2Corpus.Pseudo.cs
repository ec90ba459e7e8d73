namespace IngressController.Tests.Edge.Smuggling;

/// <summary>Pseudo-header fields and Host.</summary>
internal static partial class Http2Corpus
{
    private static IEnumerable<Http2Variant> PseudoFields()
    {
        foreach (var (name, _) in Pseudo())
        {
            if (name != ":authority")
                yield return new($"pseudo-header fields no {name}", [.. Pseudo().Where(field => field.Item1 != name)]);
            yield return new($"pseudo-header fields two {name}", [.. Pseudo(), Pseudo().Single(field => field.Item1 == name)]);
            yield return new($"pseudo-header fields {name} after a field", [.. Pseudo().Where(field => field.Item1 != name), ("x", "y"), Pseudo().Single(field => field.Item1 == name)]);
            yield return new($"pseudo-header fields empty {name}", [.. Pseudo().Select(field => field.Item1 == name ? (name, "") : field)]) { Outcome = name == ":authority" ? Outcome.OnceOrRefused : Outcome.Refused };
        }

        foreach (var name in new[] { ":status", ":x", ":", ":Method", ":path ", ":protocol", ":host", "::path", ":path\r\nx" })
            yield return new($"pseudo-header fields {Shown(name)}", [.. Pseudo(), (name, "200")]);
        yield return new("pseudo-header fields path twice", [.. Pseudo(), (":path", "/smuggled/000")]);
        yield return new("pseudo-header fields method twice", [.. Pseudo(), (":method", "POST")]);
        yield return new("pseudo-header fields none", [("x", "y")]);
        foreach (var scheme in new[] { "https://other.example/x?", "http\r\nX: y", "https ", " https", "https:", "ht tp", "https\0", "x y", "https\n", "https://other.example" })
            yield return new($"pseudo-header fields scheme {Shown(scheme)}", Pseudo(scheme: scheme)) { Outcome = scheme.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0 ? Outcome.Refused : Outcome.OnceOrRefused };
        foreach (var scheme in new[] { "http", "ftp", "HTTPS", "x" })
            yield return new($"pseudo-header fields scheme {scheme}", Pseudo(scheme: scheme)) { Outcome = Outcome.OnceOrRefused };
    }

    private static IEnumerable<Http2Variant> Authorities()
    {
        foreach (var split in Splits)
        {
            yield return new($"authorities {Shown(split)}", Pseudo(authority: Host + split));
            yield return new($"authorities host {Shown(split)}", [.. Pseudo().Where(field => field.Item1 != ":authority"), ("host", Host + split)]);
        }

        foreach (var authority in new[] { $"x@{Host}", $"{Host}/", $"{Host}/x", $"{Host}?x", $"{Host}#x", $"{Host} other.example", $"{Host}, other.example", $"{Host}\tx", $" {Host}", $"{Host} ", $"{Host}:x", $"{Host}:99999", $"{Host}:80:80", $"{Host}:+80", $"[{Host}]", $"https://{Host}", $"{Host}\\", $"{Host};x" })
            yield return new($"authorities {Shown(authority)}", Pseudo(authority: authority));
        yield return Get("authorities and another host", ("host", "other.example"));
        yield return Get("authorities and two hosts", ("host", Host), ("host", "other.example"));
        yield return Get("authorities and two same hosts", ("host", Host), ("host", Host));
        yield return Get("authorities and the same host", ("host", Host)) with { Outcome = Outcome.OnceOrRefused };
        yield return Get("authorities and an empty host", ("host", "")) with { Outcome = Outcome.OnceOrRefused };
        yield return new("authorities two hosts", [.. Pseudo().Where(field => field.Item1 != ":authority"), ("host", Host), ("host", "other.example")]);
        yield return new("authorities host", [.. Pseudo().Where(field => field.Item1 != ":authority"), ("host", Host)]) { Outcome = Outcome.OnceOrRefused };
        yield return new("authorities none", [.. Pseudo().Where(field => field.Item1 != ":authority")]) { Outcome = Outcome.OnceOrRefused };
    }

    private static IEnumerable<Http2Variant> Paths()
    {
        foreach (var split in Splits)
        {
            yield return new($"paths {Shown(split)}", Pseudo(path: Path + split));
            yield return new($"paths query {Shown(split)}", Pseudo(path: $"{Path}?{split}"));
        }

        foreach (var path in new[] { $"{Path} HTTP/1.1\r\nX: y", $"{Path} HTTP/1.1", $"{Path} x", $"{Path}\tx", $" {Path}", $"{Path} ", Path[1..], $"https://{Host}{Path}", "*", $"?{Path}", $"\\{Path}", $"{Path}\u0001", $"{Path}\u007F", $"{Path}\u0080", $"{Path}%00", $"{Path}?a b" })
            yield return new($"paths {Shown(path)}", Pseudo(path: path));
        foreach (var path in new[] { $"{Path}#x", $"/{Path}", $"/x/..{Path}", $"{Path}?a=%0d%0aX:%20y", $"{Path}?x\u0080" })
            yield return new($"paths {Shown(path)}", Pseudo(path: path)) { Outcome = Outcome.OnceOrRefused };
    }

    private static IEnumerable<Http2Variant> Methods()
    {
        foreach (var split in Splits)
            yield return new($"methods {Shown(split)}", Pseudo(method: $"GET{split}"));
        foreach (var method in new[] { "GET ", " GET", "GET\t", "G ET", $"GET {Path} HTTP/1.1", $"GET /smuggled/000 HTTP/1.1\r\nHost: {Host}\r\n\r\nGET", "GET,", "GET:", "\"GET\"", "G\u00C9T", "(", "GET\u0001" })
            yield return new($"methods {Shown(method)}", Pseudo(method: method));
        foreach (var method in new[] { "get", "SMUGGLE", "TRACE", "OPTIONS" })
            yield return new($"methods {method}", Pseudo(method: method)) { Outcome = Outcome.OnceOrRefused };
        yield return new("methods CONNECT with a path", Pseudo(method: "CONNECT"));
        yield return new("methods CONNECT", [(":method", "CONNECT"), (":authority", Host)]);
        yield return new("methods CONNECT with an unknown protocol", [.. Pseudo(method: "CONNECT"), (":protocol", "x")]) { Outcome = Outcome.OnceOrRefused };
        yield return new("methods CONNECT with a split protocol", [.. Pseudo(method: "CONNECT"), (":protocol", "websocket\r\nX: y")]);
    }
}
