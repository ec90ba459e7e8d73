using System.Buffers;
using System.Globalization;
using System.Net;

namespace IngressController.Http;

/// <summary>
/// The host that a request names: a name as in DNS, with underscores, or an IP address, and a port (RFC 9110, 7.2; RFC 3986, 3.2.2). The
/// HTTP client sends a value that it does not accept beside one of its own, so what passes here is a subset of what it accepts.
/// </summary>
internal static class RequestHost
{
    /// <summary>The maximum length of a valid host with its port.</summary>
    public const int MaxLength = MaxNameLength + 1 + MaxPortLength;

    private const int MaxNameLength = 255;
    private const int MaxPortLength = 5;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    /// <summary>The problem; null if the host is valid, or if there is none, which HTTP/1.0 permits.</summary>
    public static string? Problem(HttpRequest request)
    {
        var hosts = request.Headers.Host;
        return hosts.Count switch
        {
            0 => null,
            1 => IsValid(hosts[0]) ? null : "the Host of the request is not a valid host",
            _ => "the request has more than one Host",
        };
    }

    /// <summary>True for a host with or without port. An empty port is valid, an empty host is not.</summary>
    public static bool IsValid(ReadOnlySpan<char> host)
    {
        if (host.IsEmpty)
            return false;
        if (host[0] == '[')
        {
            var end = host.IndexOf(']');
            return end > 0 && IsPort(host[(end + 1)..]) && IsIPv6(host[1..end]);
        }

        var colon = host.IndexOf(':');
        return colon < 0 ? IsName(host) : IsName(host[..colon]) && IsPort(host[colon..]);
    }

    private static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > MaxNameLength || name.ContainsAnyExcept(NameCharacters))
            return false;
        var isPlain = char.IsAsciiLetterOrDigit(name[0]);
        for (var rest = name; rest.IndexOf('.') is >= 0 and var dot; rest = rest[(dot + 1)..])
        {
            // No label is empty; a dot may end the name.
            if (dot == 0)
                return false;
            isPlain &= dot + 1 == rest.Length || char.IsAsciiLetterOrDigit(rest[dot + 1]);
        }

        // The HTTP client accepts some labels that begin with a hyphen or an underscore (_dmarc.example), and others not (1._tcp).
        return isPlain || Uri.TryCreate($"http://{name}/", UriKind.Absolute, out _);
    }

    /// <summary>True for nothing, a colon, or a colon with a port.</summary>
    private static bool IsPort(ReadOnlySpan<char> text) => text.Length <= 1
        ? text is "" or ":"
        : text[0] == ':' && text.Length <= 1 + MaxPortLength && !text[1..].ContainsAnyExceptInRange('0', '9')
            && ushort.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static bool IsIPv6(ReadOnlySpan<char> address) =>
        // No zone: it means something to the sender only (RFC 6874, 1). No long groups, which the HTTP client does not accept.
        !address.Contains('%') && Uri.CheckHostName(address.ToString()) == UriHostNameType.IPv6 && IPAddress.TryParse(address, out _);
}
