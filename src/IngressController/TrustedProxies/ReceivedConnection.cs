using System.Net;

namespace IngressController.TrustedProxies;

/// <summary>
/// A feature of requests that a believed proxy sent on: the connection as it really is, while the request's own properties tell of the
/// client, and what else the proxy said.
/// </summary>
/// <param name="PeerAddress">The proxy in front of this one.</param>
/// <param name="IsHttps">Whether the connection itself is encrypted.</param>
internal sealed record ReceivedConnection(IPAddress PeerAddress, bool IsHttps)
{
    /// <summary>The host the client asked the proxy for; null when it said none.</summary>
    public string? ForwardedHost { get; init; }

    /// <summary>The port the client asked the proxy at; null when it said none.</summary>
    public string? ForwardedPort { get; init; }

    /// <summary>The chain of addresses as the proxy sent it; null when it sent none.</summary>
    public string? Chain { get; init; }

    /// <summary>The chain with the proxy at its end, when the backend is to have it.</summary>
    public string? FullChain { get; init; }

    /// <summary>Whether the proxy gave the request its id.</summary>
    public bool HasRequestId { get; init; }

    /// <summary>Whether the connection to this process is encrypted, whatever the scheme of the client's was.</summary>
    public static bool IsEncrypted(HttpContext context) => context.Features.Get<ReceivedConnection>()?.IsHttps ?? context.Request.IsHttps;
}
