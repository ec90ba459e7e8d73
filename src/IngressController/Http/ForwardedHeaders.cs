using System.Collections.Frozen;
using System.Net;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Http;

/// <summary>
/// The rules for request headers: hop-by-hop headers (RFC 9110, 7.6.1) and headers that only the proxy sets are not forwarded.
/// </summary>
internal static class ForwardedHeaders
{
    /// <summary>The headers of responses that are for one connection only, as in YARP.</summary>
    private static readonly FrozenSet<string> ResponseHopByHop = new[]
    {
        HeaderNames.Connection, HeaderNames.TransferEncoding, HeaderNames.KeepAlive, HeaderNames.Upgrade, HeaderNames.ProxyConnection,
        HeaderNames.ProxyAuthenticate, "Proxy-Authentication-Info", HeaderNames.ProxyAuthorization, "Proxy-Features", "Proxy-Instruction",
        "Security-Scheme", "ALPN", "Close", "HTTP2-Settings", HeaderNames.UpgradeInsecureRequests, HeaderNames.TE, HeaderNames.AltSvc,
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>True if a header of the client is forwarded.</summary>
    /// <param name="name">The header.</param>
    /// <param name="connection">The client's Connection header; the headers that it names are not forwarded.</param>
    public static bool IsForwarded(string name, StringValues connection) =>
        !IsHopByHop(name) && !IsReserved(name) && !(name.Contains('_') && IsRespelled(name.Replace('_', '-')))
        && (connection.Count == 0 || !IsNominated(connection, name));

    /// <summary>True if a header of a backend's response is forwarded.</summary>
    /// <param name="name">The header.</param>
    public static bool IsForwardedToClient(string name) => !ResponseHopByHop.Contains(name);

    /// <summary>
    /// True if a Connection header cannot remove the header: without it the request changes its meaning, or loops are not detected.
    /// </summary>
    public static bool IsProtected(string name) =>
        name.Equals(HeaderNames.Host, StringComparison.OrdinalIgnoreCase)
        || name.Equals(LoopGuard.Header, StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase);

    /// <summary>The text of a client address. An IPv4-mapped IPv6 address is written as IPv4.</summary>
    public static string AddressText(IPAddress? address) =>
        (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString() ?? "";

    private static bool IsNominated(StringValues connection, string name)
    {
        foreach (var value in connection)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                if (value.AsSpan()[range].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                    return !IsProtected(name);
            }
        }

        return false;
    }

    private static bool IsHopByHop(string name) => name.Length switch
    {
        2 => name.Equals(HeaderNames.TE, StringComparison.OrdinalIgnoreCase),
        7 => name.Equals(HeaderNames.Upgrade, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.Trailer, StringComparison.OrdinalIgnoreCase),
        10 => name.Equals(HeaderNames.Connection, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.KeepAlive, StringComparison.OrdinalIgnoreCase),
        14 => name.Equals("HTTP2-Settings", StringComparison.OrdinalIgnoreCase),
        16 => name.Equals(HeaderNames.ProxyConnection, StringComparison.OrdinalIgnoreCase),
        17 => name.Equals(HeaderNames.TransferEncoding, StringComparison.OrdinalIgnoreCase),
        18 => name.Equals(HeaderNames.ProxyAuthenticate, StringComparison.OrdinalIgnoreCase),
        19 => name.Equals(HeaderNames.ProxyAuthorization, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    /// <summary>
    /// True if a name with hyphens in place of its underscores is one that only the proxy sets. CGI and its successors (WSGI, Rack, PHP) read
    /// <c>Transfer_Encoding</c> as <c>Transfer-Encoding</c>.
    /// </summary>
    private static bool IsRespelled(string name) =>
        IsHopByHop(name) || IsReserved(name)
        || name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase) || name.Equals(LoopGuard.Header, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// True for headers that backends trust, so that clients must not set them: the whole family of forwarding headers, of which the proxy
    /// sets some and authentication services others, and Proxy, which CGI turns into HTTP_PROXY (httpoxy).
    /// </summary>
    private static bool IsReserved(string name) =>
        name.Length > 0 && (name[0] | 0x20) is ('x' or 'f' or 'p')
        && (name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("X-Original-Forwarded-", StringComparison.OrdinalIgnoreCase)
            || ProxyHeaders.Contains(name)
            || name.Equals("Proxy", StringComparison.OrdinalIgnoreCase));
}
