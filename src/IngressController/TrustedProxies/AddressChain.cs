using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Primitives;

namespace IngressController.TrustedProxies;

/// <summary>
/// Reads chains of client addresses, such as X-Forwarded-For. Each proxy appends an address at the right; everything left of an address
/// that is not trusted can be forged.
/// </summary>
internal static class AddressChain
{
    /// <summary>
    /// The last address of the chain that is not trusted; the first one if all are trusted. As in nginx, an entry that is not an address,
    /// such as <c>unknown</c>, ends the search: the address before it in the search is returned.
    /// </summary>
    /// <param name="lines">The lines of the header, in order.</param>
    /// <param name="peer">The trusted proxy that sent them.</param>
    /// <param name="trusted">The networks of trusted proxies.</param>
    /// <param name="entries">Number of entries that were used.</param>
    public static IPEndPoint Client(StringValues lines, IPEndPoint peer, IpNetworkSet trusted, out int entries)
    {
        var client = peer;
        entries = 0;
        for (var i = lines.Count - 1; i >= 0; i--)
        {
            var rest = lines[i].AsSpan();
            while (!rest.IsEmpty)
            {
                var comma = rest.LastIndexOf(',');
                var entry = rest[(comma + 1)..].Trim();
                rest = rest[..Math.Max(comma, 0)];
                // RFC 9110, 5.6.1: empty list elements are ignored.
                if (entry.IsEmpty)
                    continue;
                if (Parse(entry) is not { } address)
                    return client;
                client = address;
                entries++;
                if (!trusted.Contains(address.Address))
                    return client;
            }
        }

        return client;
    }

    /// <summary>
    /// Parses an address with or without port: <c>1.2.3.4</c>, <c>1.2.3.4:5</c>, <c>::1</c>, <c>[::1]</c>, <c>[::1]:5</c>. The port is 0 if
    /// there is none. An IPv4-mapped IPv6 address becomes an IPv4 address. Returns null for everything else.
    /// </summary>
    public static IPEndPoint? Parse(ReadOnlySpan<char> entry)
    {
        var address = entry;
        var port = ReadOnlySpan<char>.Empty;
        if (entry[0] == '[')
        {
            var end = entry.IndexOf(']');
            if (end < 0)
                return null;
            address = entry[1..end];
            if (!address.Contains(':'))
                return null;
            if (end + 1 < entry.Length)
            {
                if (entry[end + 1] != ':')
                    return null;
                port = entry[(end + 2)..];
                if (port.IsEmpty)
                    return null;
            }
        }
        else if (entry.Count(':') == 1)
        {
            var colon = entry.IndexOf(':');
            address = entry[..colon];
            port = entry[(colon + 1)..];
            if (port.IsEmpty)
                return null;
        }

        ushort number = 0;
        if (!port.IsEmpty && !ushort.TryParse(port, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number))
            return null;
        return ParseAddress(address) is { } parsed ? new IPEndPoint(parsed, number) : null;
    }

    /// <summary>
    /// Rejects plain numbers, octal digits and zones: .NET accepts them, but other programs read them as other addresses or not at all.
    /// </summary>
    private static IPAddress? ParseAddress(ReadOnlySpan<char> text)
    {
        if (text.ContainsAny('%', '[', ']') || !IPAddress.TryParse(text, out var address))
            return null;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return Unmap(address);
        Span<char> canonical = stackalloc char[16];
        return address.TryFormat(canonical, out var length) && canonical[..length].SequenceEqual(text) ? address : null;
    }

    /// <summary>Converts an IPv4-mapped IPv6 address to IPv4.</summary>
    public static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
