using IngressController.Routing.Table;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace IngressController.Upstream;

/// <summary>
/// A backend while it serves. The object stays for as long as any route names the backend; what changes is swapped inside, so that
/// a change of endpoints touches nothing else.
/// </summary>
internal sealed class UpstreamCluster
{
    private readonly UpstreamClients _clients;
    private volatile UpstreamModel _current;
    private uint _turn;

    public UpstreamCluster(Backend backend, UpstreamClients clients)
    {
        Id = backend.Id;
        _clients = clients;
        _current = Build(backend, previous: null);
    }

    public BackendId Id { get; }

    /// <summary>Endpoints and transport of this moment. Read it once per request.</summary>
    public UpstreamModel Current => _current;

    /// <summary>True if an endpoint takes traffic now.</summary>
    public bool HasEndpoints => _current.State.DestinationsState.AvailableDestinations.Count > 0;

    /// <summary>Takes the backend's new endpoints and protocol; destinations that stay keep their state.</summary>
    public void Update(Backend backend) => _current = Build(backend, _current);

    /// <summary>
    /// The next endpoint in turn: an even round robin over those that take traffic, leaving out <paramref name="failed"/> unless it is
    /// the only one. Null when there is none.
    /// </summary>
    public DestinationState? Next(UpstreamModel model, DestinationState? failed = null)
    {
        var destinations = model.State.DestinationsState.AvailableDestinations;
        if (destinations.Count == 0)
            return null;
        var turn = Interlocked.Increment(ref _turn);
        var chosen = destinations[(int)(turn % (uint)destinations.Count)];
        return ReferenceEquals(chosen, failed) ? destinations[(int)((turn + 1) % (uint)destinations.Count)] : chosen;
    }

    private UpstreamModel Build(Backend backend, UpstreamModel? previous)
    {
        var isExternal = backend.Endpoints.Count > 0 && backend.Endpoints[0].IsExternal;
        var transport = new UpstreamTransport(
            backend.Protocol, isExternal, isExternal && backend.Protocol == BackendProtocol.H2 ? backend.Endpoints[0].Address.TrimEnd('.') : null);
        // Servers compare :scheme with the connection, and the HTTP client takes it from the address.
        var scheme = backend.Protocol == BackendProtocol.H2 ? "https" : "http";
        var kept = previous?.Transport == transport ? previous : null;
        var state = kept?.State ?? new ClusterState(
            Id.ToString(), new ClusterModel(new ClusterConfig { ClusterId = Id.ToString() }, _clients.Get(Cleartext(transport))));

        var destinations = new DestinationState[backend.Endpoints.Count];
        for (var i = 0; i < destinations.Length; i++)
        {
            var name = backend.Endpoints[i].ToString();
            destinations[i] = kept is not null && kept.State.Destinations.TryGetValue(name, out var existing)
                ? existing
                : new DestinationState(name, new DestinationModel(new DestinationConfig { Address = $"{scheme}://{name}" }));
        }

        var names = destinations.Select(destination => destination.DestinationId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var gone in state.Destinations.Keys.Where(name => !names.Contains(name)))
            state.Destinations.TryRemove(gone, out _);

        foreach (var destination in destinations)
            state.Destinations.TryAdd(destination.DestinationId, destination);
        state.DestinationsState = new ClusterDestinationsState(destinations, destinations);
        return kept ?? new UpstreamModel(transport, state, RequestConfig(backend.Protocol))
        {
            SecureClient = backend.Protocol == BackendProtocol.ClientScheme ? _clients.Get(transport with { Protocol = BackendProtocol.Https }) : null,
        };
    }

    /// <summary>Where the client's scheme decides, the one transport for cleartext is shared with the backends that always have it.</summary>
    private static UpstreamTransport Cleartext(UpstreamTransport transport) =>
        transport.Protocol == BackendProtocol.ClientScheme ? transport with { Protocol = BackendProtocol.Http } : transport;

    private ForwarderRequestConfig RequestConfig(BackendProtocol protocol) => new()
    {
        ActivityTimeout = _clients.ReadTimeout,
        Version = protocol is BackendProtocol.H2c or BackendProtocol.H2 ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}

/// <summary>What a cluster serves with at one moment.</summary>
/// <param name="Transport">How connections are made.</param>
/// <param name="State">YARP's cluster, with its destinations.</param>
/// <param name="RequestConfig">Protocol version and time-outs of requests.</param>
internal sealed record UpstreamModel(UpstreamTransport Transport, ClusterState State, ForwarderRequestConfig RequestConfig)
{
    /// <summary>The client for requests that came by https, where that makes a difference.</summary>
    public HttpMessageInvoker? SecureClient { get; init; }

    public HttpMessageInvoker ClientFor(HttpContext context) =>
        SecureClient is { } secure && context.Request.IsHttps ? secure : State.Model.HttpClient;
}

/// <summary>How connections to endpoints are made; clusters with the same transport share their client.</summary>
/// <param name="Protocol">What is spoken.</param>
/// <param name="IsExternal">Whether it leads out of the cluster.</param>
/// <param name="ServerName">The name that certificates must have where the HTTP client itself verifies them; it knows only the request's Host.</param>
internal readonly record struct UpstreamTransport(BackendProtocol Protocol, bool IsExternal, string? ServerName = null);
