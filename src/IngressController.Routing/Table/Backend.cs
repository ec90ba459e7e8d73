using IngressController.Routing.Diagnostics;

namespace IngressController.Routing.Table;

/// <summary>A port of a Service, as an Ingress names it, and how it is spoken to.</summary>
/// <param name="Service">The Service.</param>
/// <param name="Port">By number or by name; empty means the Service's first port.</param>
/// <param name="Protocol">What the Ingress says about it; null leaves it to the port's <c>appProtocol</c>.</param>
public readonly record struct BackendId(ResourceName Service, string Port, BackendProtocol? Protocol = null)
{
    public override string ToString() => Protocol is { } protocol ? $"{Service}:{Port} as {protocol}" : $"{Service}:{Port}";
}

/// <summary>How the proxy speaks to a backend, from the port's <c>appProtocol</c> or an annotation.</summary>
public enum BackendProtocol
{
    /// <summary>HTTP/1.1, with WebSockets.</summary>
    Http,

    /// <summary>HTTP/1.1 over TLS.</summary>
    Https,

    /// <summary>HTTP/2 in cleartext with prior knowledge; gRPC too.</summary>
    H2c,

    /// <summary>HTTP/2 over TLS; gRPC too.</summary>
    H2,

    /// <summary>HTTP/1.1, over TLS when the client came by https.</summary>
    ClientScheme,
}

/// <summary>The protocol of the backends of an Ingress.</summary>
public sealed record BackendProtocolPolicy(BackendProtocol Protocol) : RoutePolicy;

/// <summary>A port of a Service with the endpoints that take its traffic.</summary>
public sealed record Backend
{
    public required BackendId Id { get; init; }

    public BackendProtocol Protocol { get; init; }

    /// <summary>In order of address and port, each once. None means requests are answered 503.</summary>
    public EquatableArray<Endpoint> Endpoints { get; init; }

    /// <summary>What is wrong, told to every Ingress that uses this backend.</summary>
    public EquatableArray<BackendProblem> Problems { get; init; }
}

/// <summary>Where traffic goes.</summary>
/// <param name="Address">An IP address, or a DNS name with its final dot (ExternalName), resolved at each new connection.</param>
/// <param name="Port">The TCP port.</param>
/// <param name="IsExternal">
/// Whether an ExternalName led here: out of the cluster, so its address must not be one of this machine and its certificate is verified.
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
