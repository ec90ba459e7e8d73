using IngressController.Configuration;

namespace IngressController.Overload;

/// <summary>What all clients together may take. Beyond it new work is refused.</summary>
/// <param name="Connections">Connections.</param>
/// <param name="ConnectionsPerClient">Connections of one IPv4 address or IPv6 /64.</param>
/// <param name="Requests">Requests in flight.</param>
/// <param name="BufferedBytes">Bytes of responses that wait for their clients.</param>
/// <param name="HeaderBytes">Bytes of the header fields of requests in flight.</param>
/// <param name="BufferedBytesPerConnection">Bytes of the responses of one connection that wait for its client.</param>
internal sealed record OverloadBudgets(
    int Connections, int ConnectionsPerClient, int Requests, long BufferedBytes, long HeaderBytes, long BufferedBytesPerConnection)
{
    /// <summary>What the program itself takes, with the objects of a small cluster.</summary>
    private const long OwnMemory = 96L << 20;

    /// <summary>What a connection takes, measured with HTTP/2 over TLS.</summary>
    private const long ConnectionCost = 48L << 10;

    /// <summary>What a request takes while it waits for its client, without the bytes that wait.</summary>
    public const long RequestCost = 24L << 10;

    /// <summary>Files that are neither of a client's connection nor of one to a backend.</summary>
    private const int OwnFiles = 512;

    /// <summary>Computes what the options do not say: a part of the memory that the program itself leaves, so that all together fit into it.</summary>
    public static OverloadBudgets Of(OverloadOptions options, MachineLimits machine)
    {
        var memory = Math.Max(machine.Memory - OwnMemory, machine.Memory / 4);
        // A connection of a client may need one to a backend.
        var files = Math.Max(machine.Files - OwnFiles, OwnFiles) / 2;
        var connections = options.MaxConnections ?? AtMost(memory * 35 / 100 / ConnectionCost, files);
        return new(
            connections,
            options.MaxConnectionsPerClient ?? Math.Max(1, connections / 2),
            options.MaxRequests ?? AtMost(memory * 30 / 100 / RequestCost, files),
            options.MaxBufferedBytes ?? memory * 15 / 100,
            options.MaxHeaderBytes ?? memory * 5 / 100,
            options.MaxBufferedBytesPerConnection);
    }

    private static int AtMost(long value, int max) => (int)Math.Min(value, max);
}
