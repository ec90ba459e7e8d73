using System.Net;

namespace IngressController.Routing.Features.Authentication;

/// <summary>
/// Where an authentication service is. Taken apart when it is read, so that no value of a request can change the host it leads to:
/// whoever could choose the service could let themselves in.
/// </summary>
public sealed record AuthUrl
{
    /// <summary>As it was written.</summary>
    public required ValueTemplate Text { get; init; }

    /// <summary><c>http</c>, <c>https</c>, or the client's.</summary>
    public required ValueTemplate Scheme { get; init; }

    /// <summary>A DNS name or an IP address, an IPv6 address in brackets.</summary>
    public required ValueTemplate Host { get; init; }

    /// <summary>Null is the scheme's.</summary>
    public int? Port { get; init; }

    /// <summary>Path and query; may be empty or begin with the query.</summary>
    public required ValueTemplate Target { get; init; }

    /// <summary>Whether it leads to the host the request is for. That is the client's choice where a rule has no host.</summary>
    public bool FollowsHost => Host.Parts.Any(part => part.Variable is TemplateVariable.Host or TemplateVariable.ServerName);

    /// <summary>Whether it is plain that it leads to this machine or its link; addresses that names lead to are looked at when they are connected to.</summary>
    public bool IsLocal => Host is { IsLiteral: true, Parts: [{ Name: var name }] }
        && (IPAddress.TryParse(name, out var address) ? ExternalAddress.IsLocal(address)
            : name.TrimEnd('.') is var host && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)));

    public override string ToString() => Text.ToString();
}
