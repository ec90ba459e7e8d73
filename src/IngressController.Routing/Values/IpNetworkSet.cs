using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace IngressController.Routing.Values;

/// <summary>
/// A set of IP networks, compared by value. An IPv4-mapped IPv6 address (<c>::ffff:1.2.3.4</c>) is that IPv4 address, in the set and in
/// look-ups: dual-stack sockets report IPv4 clients so.
/// </summary>
public sealed class IpNetworkSet : IEquatable<IpNetworkSet>
{
    private const int MappedBits = 96;

    private readonly AddressRanges<uint> _v4;
    private readonly AddressRanges<UInt128> _v6;

    public IpNetworkSet(IEnumerable<IPNetwork> networks)
    {
        Networks = new([.. networks.Select(Plain).Distinct().Order(Comparer<IPNetwork>.Create(Compare))]);
        _v4 = new([.. Networks.Where(IsV4).Select(network => Range(V4(network.BaseAddress), uint.MaxValue, network.PrefixLength, 32))]);
        _v6 = new([.. Networks.Where(network => !IsV4(network))
            .Select(network => Range(V6(network.BaseAddress), UInt128.MaxValue, network.PrefixLength, 128))]);
    }

    public static IpNetworkSet Empty { get; } = new([]);

    /// <summary>IPv4 before IPv6, then by address, then by prefix; no duplicates.</summary>
    public EquatableArray<IPNetwork> Networks { get; }

    public bool IsEmpty => Networks.Count == 0;

    /// <summary>
    /// Reads a comma-separated list: <c>1.2.3.4, 10.0.0.0/8, 2001:db8::/32</c>. Host bits are cut off, as in nginx; empty entries are
    /// ignored.
    /// </summary>
    /// <param name="csv">The list.</param>
    /// <param name="set">The networks; null when there is a problem.</param>
    /// <param name="problem">The invalid entry and what is expected.</param>
    public static bool TryParse(string csv, [NotNullWhen(true)] out IpNetworkSet? set, [NotNullWhen(false)] out string? problem)
    {
        var networks = new List<IPNetwork>();
        set = null;
        foreach (var entry in csv.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParseNetwork(entry, out var network))
            {
                problem = $"\"{entry}\" is not an IP address or CIDR, such as 1.2.3.4, 10.0.0.0/8 or 2001:db8::/32";
                return false;
            }

            networks.Add(network);
        }

        problem = networks.Count == 0 ? "it has no IP address or CIDR, such as 1.2.3.4, 10.0.0.0/8 or 2001:db8::/32" : null;
        if (problem is not null)
            return false;
        set = new IpNetworkSet(networks);
        return true;
    }

    public bool Contains(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return _v4.Contains(V4(address));
        var value = V6(address);
        return address.IsIPv4MappedToIPv6 ? _v4.Contains((uint)value) : _v6.Contains(value);
    }

    public bool Equals(IpNetworkSet? other) => other is not null && Networks == other.Networks;

    public override bool Equals(object? obj) => Equals(obj as IpNetworkSet);

    public override int GetHashCode() => Networks.GetHashCode();

    public override string ToString() => string.Join(",", Networks);

    private static bool TryParseNetwork(string entry, out IPNetwork network)
    {
        network = default;
        var slash = entry.IndexOf('/');
        if (!TryParseAddress(slash < 0 ? entry : entry[..slash], out var address))
            return false;
        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var prefix = bits;
        if (slash >= 0 && (!int.TryParse(entry[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > bits))
            return false;

        network = new IPNetwork(Mask(address, prefix), prefix);
        return true;
    }

    /// <summary>Accepts canonical forms only, not the numbers, octal digits, zones and brackets that .NET reads as well.</summary>
    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily == AddressFamily.InterNetwork ? address.ToString() == text : !text.AsSpan().ContainsAny('[', ']', '%'));

    private static IPAddress Mask(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xff00 >> Math.Clamp(prefix - (8 * i), 0, 8));
        return new IPAddress(bytes);
    }

    private static IPNetwork Plain(IPNetwork network) => network.BaseAddress.IsIPv4MappedToIPv6 && network.PrefixLength >= MappedBits
        ? new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - MappedBits)
        : network;

    private static int Compare(IPNetwork left, IPNetwork right)
    {
        var byFamily = IsV4(right).CompareTo(IsV4(left));
        if (byFamily != 0)
            return byFamily;
        var byAddress = left.BaseAddress.GetAddressBytes().AsSpan().SequenceCompareTo(right.BaseAddress.GetAddressBytes());
        return byAddress != 0 ? byAddress : left.PrefixLength.CompareTo(right.PrefixLength);
    }

    private static bool IsV4(IPNetwork network) => network.BaseAddress.AddressFamily == AddressFamily.InterNetwork;

    private static uint V4(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }

    private static UInt128 V6(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static (T First, T Last) Range<T>(T first, T all, int prefix, int bits) where T : System.Numerics.IBinaryInteger<T> =>
        (first, prefix == 0 ? all : first | ((T.One << (bits - prefix)) - T.One));
}
