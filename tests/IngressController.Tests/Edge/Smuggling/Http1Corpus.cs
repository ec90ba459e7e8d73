namespace IngressController.Tests.Edge.Smuggling;

/// <summary>The variants over HTTP/1.1, by family.</summary>
internal static partial class Http1Corpus
{
    private const string Host = SmugglingVariant.Host;
    private const string Path = SmugglingVariant.Path;
    private const string Smuggled = SmugglingVariant.SmuggledRequest;

    public static readonly IReadOnlyDictionary<string, SmugglingVariant[]> Families = new Dictionary<string, SmugglingVariant[]>(StringComparer.Ordinal)
    {
        ["CL.TE"] = [.. TransferEncodings.Select(line => ClTe(line.Text))],
        ["TE.CL"] = [.. TransferEncodings.Select(line => TeCl(line.Text))],
        ["TE"] = [.. TransferEncodings.Where(line => !line.IsChunked).Select(line => Te(line.Text))],
        ["CL"] = [.. ContentLengths().SelectMany(lines => new[] { Cl("POST", lines), Cl("GET", lines) })],
        ["chunks"] = [.. Chunks()],
        ["fields"] = [.. Fields()],
        ["hosts"] = [.. Hosts()],
        ["request lines"] = [.. RequestLines()],
        ["connection fields"] = [.. ConnectionFields()],
        ["HTTP/1.0"] = [.. Http10()],
        ["pipelines"] = [.. Pipelines()],
    };

    /// <summary>Text as a name: control characters are escaped.</summary>
    public static string Shown(string text) =>
        string.Concat(text.Select(c => c switch
        {
            '\r' => "\\r",
            '\n' => "\\n",
            '\t' => "\\t",
            < ' ' or > '~' => $"\\x{(int)c:X2}",
            _ => c.ToString(),
        }));

    private static string Head(string method, string fields) => $"{method} {Path} HTTP/1.1\r\nHost: {Host}\r\n{fields}\r\n";
}
