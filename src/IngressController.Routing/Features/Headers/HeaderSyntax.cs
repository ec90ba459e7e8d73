namespace IngressController.Routing.Features.Headers;

/// <summary>
/// The header fields that annotations and ConfigMaps can set. A problem is a clause that follows the quoted name or value.
/// </summary>
internal static class HeaderSyntax
{
    /// <summary>Framing and hop-by-hop fields (RFC 9110, 7.6.1): they belong to a connection, and the proxy writes them itself.</summary>
    private static readonly HashSet<string> OfConnections = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "HTTP2-Settings", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade",
    };

    /// <summary>The reason why an Ingress cannot change a request header.</summary>
    public static string? RequestNameProblem(string name) =>
        OperatorRequestNameProblem(name)
        ?? (ProxyHeaders.Contains(name) ? "tells backends where a request comes from, and only the proxy sets it" : null);

    /// <summary>The reason why not even the operator can change a request header.</summary>
    public static string? OperatorRequestNameProblem(string name)
    {
        if (ResponseNameProblem(name) is { } problem)
            return problem;
        // CGI reads Proxy as HTTP_PROXY (httpoxy), and CDN-Loop ends loops between proxies.
        return name.Replace('_', '-').ToUpperInvariant() switch
        {
            "HOST" => "selects the host of the request; use upstream-vhost",
            "PROXY" => "is the address of a proxy to CGI programs",
            "CDN-LOOP" => "prevents forwarding loops",
            _ => null,
        };
    }

    /// <summary>The reason why a response header cannot be changed.</summary>
    public static string? ResponseNameProblem(string name) =>
        !HttpToken.IsToken(name) ? "is not a header name"
        : OfConnections.Contains(name) ? "belongs to the connection, and only the proxy sets it"
        : null;

    /// <summary>Reads a value with variables; returns null with the reason why a header cannot have it.</summary>
    public static ValueTemplate? ReadValue(string text, out string problem)
    {
        problem = ValueProblem(text) ?? "";
        return problem.Length == 0 && ValueTemplate.TryParse(text, TemplatePlace.Headers, out var value, out problem) ? value : null;
    }

    /// <summary>RFC 9110, 5.5: new fields should be ASCII.</summary>
    private static string? ValueProblem(string value)
    {
        if (value.Length == 0)
            return "is empty; to remove a header, list its name under remove";
        foreach (var c in value)
        {
            if (c is < ' ' or > '~')
                return $"contains the character U+{(int)c:X4}; values must be printable ASCII";
        }

        return null;
    }
}
