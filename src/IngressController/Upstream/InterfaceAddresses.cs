using System.Net;
using System.Net.NetworkInformation;

namespace IngressController.Upstream;

/// <summary>
/// The addresses of the network interfaces of the controller's Pod, or of its node with host networking. They reach the admin port, which
/// is only for the operator. Cached for 30 seconds, because interfaces come and go.
/// </summary>
internal sealed class InterfaceAddresses(Func<IEnumerable<IPAddress>> read, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private volatile Snapshot? _snapshot;

    public static IEnumerable<IPAddress> ReadAll() =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(network => network.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address);

    public bool Contains(IPAddress address)
    {
        var snapshot = _snapshot;
        // Threads that find it stale at the same time read it twice, with the same result.
        if (snapshot is null || time.GetElapsedTime(snapshot.Read) >= Lifetime)
            _snapshot = snapshot = new Snapshot(time.GetTimestamp(), read().Select(Normalize).ToHashSet());
        return snapshot.Addresses.Contains(Normalize(address));
    }

    /// <summary>Converts an IPv4-mapped address to IPv4, and removes the scope of an IPv6 address.</summary>
    private static IPAddress Normalize(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());

    private sealed record Snapshot(long Read, HashSet<IPAddress> Addresses);
}
