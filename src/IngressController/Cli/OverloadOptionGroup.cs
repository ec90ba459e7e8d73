using static IngressController.Cli.OptionValues;

namespace IngressController.Cli;

/// <summary>The declarations of the options that limit what clients can take.</summary>
internal static class OverloadOptionGroup
{
    private const string Computed = "computed from the memory limit";

    public static RunOptionGroup Group { get; } = new("Overload",
    [
        new("keep-alive-timeout", "SECONDS",
            "Time in seconds after which a client's connection without requests is closed.",
            options => options.Overload.KeepAliveTimeout,
            (options, value) => options with { Overload = options.Overload with { KeepAliveTimeout = Seconds(value) } }),
        new("max-connections", "NUMBER",
            "Maximum number of connections of all clients, from 1 to 1000000. Idle ones are closed to make room; more are closed at once.",
            options => options.Overload.MaxConnections,
            (options, value) => options with { Overload = options.Overload with { MaxConnections = Between(value, 1, 1_000_000) } })
            { Unset = Computed },
        new("max-connections-per-client", "NUMBER",
            "Maximum number of connections of one IPv4 address or IPv6 /64, from 1 to 1000000. More are closed at once. Trusted proxies "
            + "(proxy-real-ip-cidr) are exempt.",
            options => options.Overload.MaxConnectionsPerClient,
            (options, value) => options with { Overload = options.Overload with { MaxConnectionsPerClient = Between(value, 1, 1_000_000) } })
            { Unset = "half of --max-connections" },
        new("max-streams-per-connection", "NUMBER",
            "Maximum number of concurrent streams of an HTTP/2 connection, from 1 to 10000. More are refused with REFUSED_STREAM.",
            options => options.Overload.MaxStreamsPerConnection,
            (options, value) => options with { Overload = options.Overload with { MaxStreamsPerConnection = Between(value, 1, 10_000) } }),
        new("max-connection-buffer", "BYTES",
            "Maximum number of bytes of request bodies that wait in the process for one connection, from 65535 to 16777216. The proxy reads "
            + "no more of them until their backends do.",
            options => options.Overload.MaxConnectionBuffer,
            (options, value) => options with { Overload = options.Overload with { MaxConnectionBuffer = Between(value, ushort.MaxValue, 1 << 24) } }),
        new("max-requests", "NUMBER",
            "Maximum number of requests in flight, from 1 to 10000000. More are answered 503.",
            options => options.Overload.MaxRequests,
            (options, value) => options with { Overload = options.Overload with { MaxRequests = Between(value, 1, 10_000_000) } })
            { Unset = Computed },
        new("max-buffered-bytes", "BYTES",
            "Maximum number of bytes of all responses that wait for their clients, from 65536. Beyond it, requests are answered 503, and "
            + "responses that their client does not read end, those that have waited longest first.",
            options => options.Overload.MaxBufferedBytes,
            (options, value) => options with { Overload = options.Overload with { MaxBufferedBytes = Bytes(value) } })
            { Unset = Computed },
        new("max-buffered-bytes-per-connection", "BYTES",
            "Maximum number of bytes of the responses of one connection that wait for its client, from 65536. From half of it on, HTTP/2 "
            + "responses are read from their backends in pieces of 4 KiB; beyond it, requests of the connection are answered 503.",
            options => options.Overload.MaxBufferedBytesPerConnection,
            (options, value) => options with { Overload = options.Overload with { MaxBufferedBytesPerConnection = Bytes(value) } }),
        new("max-header-bytes", "BYTES",
            "Maximum number of bytes of the header fields of all requests in flight, from 65536. More requests are answered 503.",
            options => options.Overload.MaxHeaderBytes,
            (options, value) => options with { Overload = options.Overload with { MaxHeaderBytes = Bytes(value) } })
            { Unset = Computed },
    ]);
}
