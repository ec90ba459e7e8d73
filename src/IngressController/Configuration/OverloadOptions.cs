namespace IngressController.Configuration;

/// <summary>What clients may take of the process. What is null is computed from the memory limit at the start.</summary>
public sealed record OverloadOptions
{
    /// <summary>The time after which a connection without requests is closed. Default 60 s.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The maximum number of connections of all clients; null to compute it.</summary>
    public int? MaxConnections { get; init; }

    /// <summary>
    /// The maximum number of connections of an IPv4 address or an IPv6 /64; null for half of all connections. Trusted proxies, which hide
    /// many clients, are exempt.
    /// </summary>
    public int? MaxConnectionsPerClient { get; init; }

    /// <summary>The maximum number of concurrent HTTP/2 streams of a connection. Default 100, the least that RFC 9113, 6.5.2 recommends.</summary>
    public int MaxStreamsPerConnection { get; init; } = 100;

    /// <summary>The maximum number of requests in flight; null to compute it.</summary>
    public int? MaxRequests { get; init; }

    /// <summary>
    /// The maximum number of bytes of request bodies that wait in the process for one connection. Default 256 KiB.
    /// </summary>
    public int MaxConnectionBuffer { get; init; } = 256 << 10;

    /// <summary>The maximum number of bytes of all responses that wait for their clients; null to compute it.</summary>
    public long? MaxBufferedBytes { get; init; }

    /// <summary>The maximum number of bytes of the responses of one connection that wait for its client. Default 1 MiB.</summary>
    public long MaxBufferedBytesPerConnection { get; init; } = 1 << 20;

    /// <summary>The maximum number of bytes of the header fields of all requests in flight; null to compute it.</summary>
    public long? MaxHeaderBytes { get; init; }
}
