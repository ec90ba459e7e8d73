using System.Net;
using System.Net.NetworkInformation;

namespace IngressController.Upstream;

/// <summary>
/// The addresses of this machine's interfaces: the controller's Pod, or its node when it runs in the node's network. Behind them is
/// the admin port, which is for the operator alone. Read again after a while, because interfaces come and go.
/// </summary>
internal sealed class OwnAddresses(Func<IEnumerable<IPAddress>> read, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private volatile Known? _known;

    public static IEnumerable<IPAddress> OfInterfaces() =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(network => network.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address);

    public bool Contains(IPAddress address)
    {
        var known = _known;
        // Two that find it too old both read it; they find the same.
        if (known is null || time.GetElapsedTime(known.Read) >= Lifetime)
            _known = known = new Known(time.GetTimestamp(), read().Select(Plain).ToHashSet());
        return known.Addresses.Contains(Plain(address));
    }

    /// <summary>Without what says only how it is written or which link it is on.</summary>
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());

    private sealed record Known(long Read, HashSet<IPAddress> Addresses);
}
