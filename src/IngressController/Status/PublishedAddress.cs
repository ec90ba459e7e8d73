using System.Net;
using System.Net.Sockets;
using k8s.Models;

namespace IngressController.Status;

/// <summary>
/// One entry of <c>status.loadBalancer.ingress</c>: an address of the proxy for clients. Ordered by IP address as a number, then by host
/// name.
/// </summary>
internal readonly record struct PublishedAddress(string? Ip, string? Hostname) : IComparable<PublishedAddress>
{
    public int CompareTo(PublishedAddress other)
    {
        // Entries with an IP address come first.
        var order = (Ip is null).CompareTo(other.Ip is null);
        if (order == 0)
            order = Number(Ip).CompareTo(Number(other.Ip));
        return order != 0 ? order : string.CompareOrdinal(Hostname, other.Hostname);
    }

    public override string ToString() => Hostname is null ? Ip ?? "" : Ip is null ? Hostname : $"{Ip} ({Hostname})";

    /// <summary>
    /// Parses an IP address, which gets its canonical form, or a host name, which loses a trailing dot because API servers reject that in a
    /// status. Returns null for other text.
    /// </summary>
    public static PublishedAddress? Parse(string? text)
    {
        if (AddressOf(text) is { } ip)
            return new(ip, null);
        return text?.TrimEnd('.') is { Length: > 0 } name && !name.Contains(':') ? new(null, name) : null;
    }

    /// <summary>Returns the distinct addresses, in order.</summary>
    public static EquatableArray<PublishedAddress> Set(IEnumerable<PublishedAddress> addresses) => [.. addresses.Distinct().Order()];

    /// <summary>Returns the addresses in the status of an Ingress.</summary>
    public static EquatableArray<PublishedAddress> Of(V1IngressLoadBalancerStatus? status) =>
        Set((status?.Ingress ?? []).Select(entry => Of(entry?.Ip, entry?.Hostname)));

    /// <summary>
    /// True if a status shows exactly these addresses, in any order. Other fields of an entry, such as <c>ports</c>, are ignored.
    /// </summary>
    public static bool Shows(V1IngressLoadBalancerStatus? status, EquatableArray<PublishedAddress> addresses)
    {
        if (status?.Ingress is not { Count: > 0 } entries)
            return addresses.Count == 0;
        // Fast path: thousands of Ingresses are compared often, and mostly they are in the written order.
        for (var i = 0; ; i++)
        {
            if (i == entries.Count || i == addresses.Count)
                return entries.Count == addresses.Count;
            if (entries[i] is not { } entry || entry.Ip != addresses[i].Ip || entry.Hostname != addresses[i].Hostname)
                return Of(status) == addresses;
        }
    }

    /// <summary>Returns the addresses in the status of a Service.</summary>
    public static EquatableArray<PublishedAddress> Of(V1LoadBalancerStatus? status) =>
        Set((status?.Ingress ?? []).Select(entry => Of(entry?.Ip, entry?.Hostname)));

    private static EquatableArray<PublishedAddress> Set(IEnumerable<PublishedAddress?> addresses) => Set(addresses.OfType<PublishedAddress>());

    private static PublishedAddress? Of(string? address, string? hostname)
    {
        var ip = AddressOf(address);
        var name = hostname?.TrimEnd('.') is { Length: > 0 } given ? given : null;
        return ip is null && name is null ? null : new(ip, name);
    }

    /// <summary>
    /// Parses an IP address as API servers do. .NET also accepts IPv4 addresses as a single number and IPv6 addresses with a zone.
    /// </summary>
    private static string? AddressOf(string? text) =>
        IPAddress.TryParse(text, out var address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId == 0 && !text!.Contains('%') : address.ToString() == text)
            ? address.ToString()
            : null;

    /// <summary>Returns a sort key that orders IPv4 before IPv6.</summary>
    private static (int Length, UInt128 Value) Number(string? ip)
    {
        if (ip is null)
            return default;
        var bytes = IPAddress.Parse(ip).GetAddressBytes();
        return (bytes.Length, bytes.Aggregate(UInt128.Zero, (number, part) => (number << 8) | part));
    }
}
