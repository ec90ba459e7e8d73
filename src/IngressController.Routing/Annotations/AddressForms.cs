namespace IngressController.Routing.Annotations;

/// <summary>The form of address lists.</summary>
public static class AddressForms
{
    /// <summary>IPv4 and IPv6 addresses and networks. One invalid entry makes the list invalid.</summary>
    public static ValueForm<IpNetworkSet> Networks { get; } = new("a comma-separated list of IP addresses and CIDRs, such as 1.2.3.4, 10.0.0.0/8, 2001:db8::/32", text =>
        IpNetworkSet.TryParse(text.Replace('\n', ',').Replace('\r', ','), out var set, out var problem) ? set : ValueForm<IpNetworkSet>.Refuse($"is invalid: {problem}"))
    {
        AllowsLines = true,
    };
}
