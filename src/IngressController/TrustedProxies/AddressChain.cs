using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Primitives;

namespace IngressController.TrustedProxies;

/// <summary>
/// Reads the addresses that proxies wrote behind one another. Each proxy vouches for what it wrote itself, at the right; what stands
/// left of an address that is not believed may be anybody's invention.
/// </summary>
internal static class AddressChain
{
    /// <summary>
    /// The last address of the chain that is not believed; where all are, the first one. Something that is no address ends the search
    /// at what was found before, as in nginx: who stands behind <c>unknown</c> nobody can say.
    /// </summary>
    /// <param name="lines">The lines of the header, in order.</param>
    /// <param name="peer">The believed proxy that sent them.</param>
    /// <param name="trusted">Who is believed.</param>
    /// <param name="entries">How many entries of the chain were taken.</param>
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
                // RFC 9110, 5.6.1: empty elements of a list do not count.
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
    /// An address, with or without port: <c>1.2.3.4</c>, <c>1.2.3.4:5</c>, <c>::1</c>, <c>[::1]</c>, <c>[::1]:5</c>. Port 0 when there is none;
    /// an IPv4 address in IPv6 is that IPv4 address. Null for everything else.
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

    /// <summary>.NET reads numbers, octal digits and zones as well, which other programs read as other addresses or not at all.</summary>
    private static IPAddress? ParseAddress(ReadOnlySpan<char> text)
    {
        if (text.ContainsAny('%', '[', ']') || !IPAddress.TryParse(text, out var address))
            return null;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return Plain(address);
        Span<char> canonical = stackalloc char[16];
        return address.TryFormat(canonical, out var length) && canonical[..length].SequenceEqual(text) ? address : null;
    }

    /// <summary>An IPv4 address written as IPv6 is that IPv4 address.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
