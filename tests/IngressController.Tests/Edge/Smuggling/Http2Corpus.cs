namespace IngressController.Tests.Edge.Smuggling;

/// <summary>The variants over HTTP/2, by family (RFC 9113, 8).</summary>
internal static partial class Http2Corpus
{
    private const string Host = SmugglingVariant.Host;
    private const string Path = SmugglingVariant.Path;
    private const string Smuggled = SmugglingVariant.SmuggledRequest;

    /// <summary>What splits a head of HTTP/1.1 if it is copied into one.</summary>
    private static string[] Splits =>
    [
        "\r\nX: y", "\nX: y", "\rX: y", "\r\n\r\nGET /smuggled/000 HTTP/1.1\r\nHost: front.example\r\n\r\n", "\n\nGET /smuggled/000 HTTP/1.1\nHost: front.example\n\n", "\r\nTransfer-Encoding: chunked", "\r\nContent-Length: 0", "\0", "\0X: y", "\r", "\n",
    ];

    public static IReadOnlyDictionary<string, Http2Variant[]> Families { get; } = new Dictionary<string, Http2Variant[]>(StringComparer.Ordinal)
    {
        ["content-length"] = [.. ContentLengths()],
        ["values"] = [.. Values()],
        ["names"] = [.. Names()],
        ["connection fields"] = [.. ConnectionFields()],
        ["pseudo-header fields"] = [.. PseudoFields()],
        ["authorities"] = [.. Authorities()],
        ["paths"] = [.. Paths()],
        ["methods"] = [.. Methods()],
        ["trailers"] = [.. Trailers()],
    };

    private static (string, string)[] Pseudo(string method = "GET", string scheme = "https", string authority = Host, string path = Path) =>
        [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)];

    private static Http2Variant Get(string name, params (string Name, string Value)[] fields) => new(name, [.. Pseudo(), .. fields]);

    private static Http2Variant Post(string name, string[] data, params (string Name, string Value)[] fields) =>
        new(name, [.. Pseudo("POST"), .. fields]) { Data = data };

    private static string Shown(string text) => Http1Corpus.Shown(text);
}
