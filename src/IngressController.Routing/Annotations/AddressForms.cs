using IngressController.Routing.Table;

namespace IngressController.Routing.Annotations;

/// <summary>The form of lists of addresses.</summary>
public static class AddressForms
{
    /// <summary>Addresses and networks, IPv4 and IPv6. One that is wrong makes the list wrong: which of them count must not be guessed.</summary>
    public static ValueForm<IpNetworkSet> Networks { get; } = new("IP addresses and CIDRs, separated by commas", text =>
        IpNetworkSet.TryParse(text.Replace('\n', ',').Replace('\r', ','), out var set, out var problem) ? set : ValueForm<IpNetworkSet>.Refuse($"is invalid: {problem}"))
    {
        AllowsLines = true,
    };
}
