using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Headers;

/// <summary>What header fields of annotations and ConfigMaps may be. A problem is one clause that goes on after the quoted name or value.</summary>
internal static class HeaderSyntax
{
    /// <summary>Framing and hop-by-hop fields (RFC 9110, 7.6.1): they belong to a connection, and the proxy makes them itself.</summary>
    private static readonly HashSet<string> OfConnections = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "HTTP2-Settings", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade",
    };

    /// <summary>Why an Ingress may not change this request header.</summary>
    public static string? RequestNameProblem(string name) =>
        OperatorRequestNameProblem(name)
        ?? (TellsOrigin(name.Replace('_', '-')) ? "tells backends where a request comes from, and only the proxy sets it" : null);

    /// <summary>Why not even the operator may change this request header.</summary>
    public static string? OperatorRequestNameProblem(string name)
    {
        if (ResponseNameProblem(name) is { } problem)
            return problem;
        // CGI reads Proxy as HTTP_PROXY (httpoxy), and without CDN-Loop requests could go round for ever.
        return name.Replace('_', '-').ToUpperInvariant() switch
        {
            "HOST" => "selects the host of the request; use upstream-vhost",
            "PROXY" => "is the address of a proxy to CGI programs",
            "CDN-LOOP" => "prevents forwarding loops",
            _ => null,
        };
    }

    /// <summary>Why this response header cannot be changed.</summary>
    public static string? ResponseNameProblem(string name) =>
        !HttpToken.IsToken(name) ? "is not a header name"
        : OfConnections.Contains(name) ? "belongs to the connection, and only the proxy sets it"
        : null;

    /// <summary>Why a header cannot have this value. RFC 9110, 5.5: new fields should have ASCII alone.</summary>
    public static string? ValueProblem(string value)
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

    /// <summary>The same names as the proxy takes from clients.</summary>
    private static bool TellsOrigin(string name) =>
        name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("X-Original-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Request-ID", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Scheme", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase);
}
