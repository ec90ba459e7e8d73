using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace IngressController.Http;

/// <summary>The addresses of one client: an IPv4 address, or an IPv6 /64, the usual network of a single subscriber.</summary>
internal readonly record struct ClientNetwork(ulong Prefix)
{
    public static ClientNetwork Of(IPAddress? address)
    {
        if (address is null)
            return default;
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new(BinaryPrimitives.ReadUInt64BigEndian(bytes))
            : new(BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }
}
