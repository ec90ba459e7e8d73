namespace IngressController.Routing.Annotations;

/// <summary>The form of address lists.</summary>
public static class AddressForms
{
    /// <summary>IPv4 and IPv6 addresses and networks. One invalid entry makes the list invalid.</summary>
    public static ValueForm<IpNetworkSet> Networks { get; } = new("IP addresses and CIDRs, separated by commas", text =>
        IpNetworkSet.TryParse(text.Replace('\n', ',').Replace('\r', ','), out var set, out var problem) ? set : ValueForm<IpNetworkSet>.Refuse($"is invalid: {problem}"))
    {
        AllowsLines = true,
    };
}
