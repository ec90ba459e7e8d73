using IngressController.Routing.Diagnostics;

namespace IngressController.Routing.Table;

/// <summary>The port of a Service and the protocol, as an Ingress names them.</summary>
/// <param name="Service">The Service.</param>
/// <param name="Port">A number or a name; empty means the Service's first port.</param>
/// <param name="Protocol">The protocol that the Ingress sets; null means the <c>appProtocol</c> of the port.</param>
/// <param name="Tls">The TLS settings of the Ingress; null means the default.</param>
public readonly record struct BackendId(ResourceName Service, string Port, BackendProtocol? Protocol = null, BackendTlsSettings? Tls = null)
{
    /// <summary>True if requests go to the cluster IP of the Service, and not to its endpoints.</summary>
    public bool UsesClusterIp { get; init; }

    public override string ToString() =>
        $"{Service}:{Port}{(UsesClusterIp ? " (service-upstream)" : "")}{(Protocol is { } protocol ? $" as {protocol}" : "")}{(Tls is { } tls ? $" ({tls})" : "")}";
}

/// <summary>The protocol towards a backend, from the port's <c>appProtocol</c> or an annotation.</summary>
public enum BackendProtocol
{
    /// <summary>HTTP/1.1, with WebSockets.</summary>
    Http,

    /// <summary>HTTP/1.1 over TLS.</summary>
    Https,

    /// <summary>HTTP/2 in cleartext with prior knowledge; also gRPC.</summary>
    H2c,

    /// <summary>HTTP/2 over TLS; also gRPC.</summary>
    H2,

    /// <summary>HTTP/1.1, over TLS if the client uses https.</summary>
    ClientScheme,
}

/// <summary>The protocol of the backends of an Ingress.</summary>
public sealed record BackendProtocolPolicy(BackendProtocol Protocol) : RoutePolicy;

/// <summary>Requests of the Ingress go to the cluster IPs of its Services.</summary>
public sealed record ServiceUpstreamPolicy : RoutePolicy;

/// <summary>The port of a Service with its endpoints.</summary>
public sealed record Backend
{
    public required BackendId Id { get; init; }

    public BackendProtocol Protocol { get; init; }

    /// <summary>No duplicates, in order of address and port. If empty, requests are answered 503.</summary>
    public EquatableArray<Endpoint> Endpoints { get; init; }

    /// <summary>True if its endpoint is the cluster IP of the Service, behind which the cluster balances.</summary>
    public bool IsClusterIp { get; init; }

    /// <summary>Problems, reported to every Ingress that uses the backend.</summary>
    public EquatableArray<BackendProblem> Problems { get; init; }
}

/// <summary>One address of a backend.</summary>
/// <param name="Address">An IP address, or a DNS name with its final dot (ExternalName), resolved for each new connection.</param>
/// <param name="Port">The TCP port.</param>
/// <param name="IsExternal">
/// True if it comes from an ExternalName: it is outside the cluster, so its address must not be local and its certificate is verified.
/// </param>
public readonly record struct Endpoint(string Address, int Port, bool IsExternal = false) : IComparable<Endpoint>
{
    public int CompareTo(Endpoint other)
    {
        var byAddress = string.CompareOrdinal(Address, other.Address);
        return byAddress != 0 ? byAddress : Port.CompareTo(other.Port);
    }

    public override string ToString() => Address.Contains(':') ? $"[{Address}]:{Port}" : $"{Address}:{Port}";
}
