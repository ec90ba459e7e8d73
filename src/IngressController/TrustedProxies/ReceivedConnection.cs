using System.Net;

namespace IngressController.TrustedProxies;

/// <summary>
/// A feature of requests from a trusted proxy: the actual connection, and further values that the proxy sent. The properties of the request
/// describe the client.
/// </summary>
/// <param name="PeerAddress">The address of the proxy.</param>
/// <param name="IsHttps">True if the connection itself is encrypted.</param>
internal sealed record ReceivedConnection(IPAddress PeerAddress, bool IsHttps)
{
    /// <summary>The host that the client requested from the proxy; null if the proxy sent none.</summary>
    public string? ForwardedHost { get; init; }

    /// <summary>The port at which the client reached the proxy; null if the proxy sent none.</summary>
    public string? ForwardedPort { get; init; }

    /// <summary>The chain of addresses as received; null if the proxy sent none.</summary>
    public string? Chain { get; init; }

    /// <summary>The chain with the proxy appended; null unless the backend receives it.</summary>
    public string? FullChain { get; init; }

    /// <summary>True if the proxy sent the request id.</summary>
    public bool HasRequestId { get; init; }

    /// <summary>True if the connection to this process is encrypted, whatever the scheme of the client's connection was.</summary>
    public static bool IsEncrypted(HttpContext context) => context.Features.Get<ReceivedConnection>()?.IsHttps ?? context.Request.IsHttps;
}
