using System.Net;

namespace IngressController.Routing.Features.Authentication;

/// <summary>
/// The URL of an authentication service, split into parts when it is read, so that no value of a request can change its host: a client that
/// chooses the service could let itself in.
/// </summary>
public sealed record AuthUrl
{
    /// <summary>The URL as written.</summary>
    public required ValueTemplate Text { get; init; }

    /// <summary><c>http</c>, <c>https</c>, or the client's scheme.</summary>
    public required ValueTemplate Scheme { get; init; }

    /// <summary>A DNS name or an IP address, an IPv6 address in brackets.</summary>
    public required ValueTemplate Host { get; init; }

    /// <summary>Null means the default port of the scheme.</summary>
    public int? Port { get; init; }

    /// <summary>Path and query; may be empty or begin with the query.</summary>
    public required ValueTemplate Target { get; init; }

    /// <summary>True if the host is that of the request. Clients choose it if a rule has no host.</summary>
    public bool FollowsHost => Host.Parts.Any(part => part.Variable is TemplateVariable.Host or TemplateVariable.ServerName);

    /// <summary>
    /// True if the host is an address of this machine or its link; the addresses of names are checked when they are connected to.
    /// </summary>
    public bool IsLocal => Host is { IsLiteral: true, Parts: [{ Name: var name }] }
        && (IPAddress.TryParse(name, out var address) ? ExternalAddress.IsLocal(address)
            : name.TrimEnd('.') is var host && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)));

    public override string ToString() => Text.ToString();
}
