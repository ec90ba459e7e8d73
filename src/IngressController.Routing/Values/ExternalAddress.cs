using System.Net;
using System.Net.Sockets;

namespace IngressController.Routing.Values;

/// <summary>The addresses that ExternalName Services must not lead to: those of the controller's Pod and node.</summary>
public static class ExternalAddress
{
    private static ReadOnlySpan<byte> Nat64Prefix => [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>Metadata services of clouds that are not on link-local addresses: AWS (IPv6), Azure, Alibaba.</summary>
    private static readonly IPAddress[] MetadataServices =
        [IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("168.63.129.16"), IPAddress.Parse("100.100.100.200")];

    /// <summary>
    /// True for loopback, link-local, unspecified, multicast and broadcast addresses and the metadata services of clouds.
    /// </summary>
    public static bool IsLocal(IPAddress address)
    {
        var plain = Unwrap(address);
        if (IPAddress.IsLoopback(plain) || plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.IPv6Any) || plain.Equals(IPAddress.Broadcast))
            return true;
        if (MetadataServices.Contains(plain))
            return true;
        if (plain.AddressFamily == AddressFamily.InterNetworkV6)
            return plain.IsIPv6LinkLocal || plain.IsIPv6Multicast;
        Span<byte> octets = stackalloc byte[4];
        return plain.TryWriteBytes(octets, out _) && (octets[0] == 0 || (octets[0] == 169 && octets[1] == 254) || octets[0] >= 224);
    }

    /// <summary>The IPv4 address inside a mapped address or one of NAT64's well-known prefix (RFC 6052), else the address itself.</summary>
    private static IPAddress Unwrap(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        var octets = address.GetAddressBytes();
        return octets.AsSpan().StartsWith(Nat64Prefix) ? new IPAddress(octets.AsSpan(12)) : address;
    }
}
