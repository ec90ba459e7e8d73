using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Upstream.Balancing;
using IngressController.Upstream.Http1;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace IngressController.Upstream;

/// <summary>
/// A backend that serves requests. The object exists for as long as a route refers to the backend. Endpoints and protocol are replaced
/// inside it, so that a change of endpoints affects nothing else.
/// </summary>
internal sealed class UpstreamCluster
{
    private readonly UpstreamClients _clients;
    private readonly TimeProvider _time;
    private readonly RetryBudget _budget;
    private volatile UpstreamModel _current;
    private volatile UnreachableEndpoints? _unreachable;
    private EndpointViews? _views;
    private volatile EndpointLoads? _loads;
    private uint _counter;
    private uint _bound;

    public UpstreamCluster(Backend backend, UpstreamClients clients)
    {
        Id = backend.Id;
        _clients = clients;
        _time = clients.Time;
        _budget = new RetryBudget(_time);
        _current = Build(backend, previous: null);
    }

    public BackendId Id { get; }

    /// <summary>The current endpoints and transport. Read once per request.</summary>
    public UpstreamModel Current => _current;

    /// <summary>True if its endpoint is the cluster IP of the Service, behind which the cluster balances.</summary>
    public bool IsClusterIp { get; private set; }

    /// <summary>True if an endpoint is available.</summary>
    public bool HasEndpoints => _current.State.DestinationsState.AvailableDestinations.Count > 0;

    /// <summary>Applies the backend's new endpoints and protocol. Remaining destinations keep their state.</summary>
    public void Update(Backend backend)
    {
        _current = Build(backend, _current);
        // A view that is made at the same moment sees the new endpoints, or is seen here.
        Interlocked.MemoryBarrier();
        _views?.Refresh();
    }

    /// <summary>True if a feature derives state from the endpoints.</summary>
    public bool HasViews => _views is not null;

    /// <summary>The loads of the endpoints; null while no algorithm needs them.</summary>
    public EndpointLoads? Loads => _loads;

    /// <summary>The loads of the endpoints, which are counted from the first call on.</summary>
    public EndpointLoads CountLoads() => _loads ??= View(static cluster => new EndpointLoads(cluster._time));

    /// <summary>The state that features derive from the endpoints.</summary>
    public TView View<TView>(Func<UpstreamCluster, TView> create)
        where TView : EndpointView => (_views ?? Interlocked.CompareExchange(ref _views, new EndpointViews(this), null) ?? _views!).Get(create);

    /// <summary>Takes a retry from the budget; false if none is left.</summary>
    public bool TryTakeRetry() => _budget.TryTake(unchecked(Volatile.Read(ref _counter) + Volatile.Read(ref _bound)));

    /// <summary>Returns retries to the budget.</summary>
    public void ReturnRetries(int retries) => _budget.Return(retries);

    /// <summary>
    /// The endpoint of a request: that of the selector, by default the next one in turn. One that took no connection a moment ago is replaced by
    /// another one at random, while there is one. Null if there is none.
    /// </summary>
    public DestinationState? Next(UpstreamModel model, EndpointSelector? selector = null)
    {
        var destinations = model.State.DestinationsState.AvailableDestinations;
        if (destinations.Count == 0)
            return null;
        var turn = Interlocked.Increment(ref _counter);
        var chosen = selector is null ? destinations[(int)(turn % (uint)destinations.Count)] : selector.Select(this, destinations, turn);
        return _unreachable is not null && IsUnreachable(chosen) ? Other(model, []) ?? chosen : chosen;
    }

    /// <summary>Counts a request whose endpoint is given, so that it takes no turn.</summary>
    public void CountBound() => Interlocked.Increment(ref _bound);

    /// <summary>
    /// Another endpoint for a request that failed, at random, so that the load of one that fails spreads over all. Null if all others have
    /// failed too, or took no connection a moment ago.
    /// </summary>
    public DestinationState? Other(UpstreamModel model, IReadOnlyCollection<DestinationState> failed) =>
        Pick(model, endpoint => !failed.Contains(endpoint) && !IsUnreachable(endpoint));

    /// <summary>One of the endpoints that took no connection a moment ago and that this request did not try. Null if there is none.</summary>
    public static DestinationState? Unreachable(UpstreamModel model, IReadOnlyCollection<DestinationState> failed) =>
        Pick(model, endpoint => !failed.Contains(endpoint));

    /// <summary>Records that an endpoint took no connection.</summary>
    public void MarkUnreachable(DestinationState endpoint)
    {
        UnreachableEndpoints? current, marked;
        do
        {
            current = _unreachable;
            marked = UnreachableEndpoints.With(current, endpoint, _time);
        }
        while (Interlocked.CompareExchange(ref _unreachable, marked, current) != current);
    }

    /// <summary>True if an endpoint took no connection a moment ago.</summary>
    public bool IsUnreachable(DestinationState endpoint) => _unreachable?.Contains(endpoint, _time) == true;

    private static DestinationState? Pick(UpstreamModel model, Func<DestinationState, bool> isCandidate)
    {
        var candidates = model.State.DestinationsState.AvailableDestinations.Where(isCandidate).ToArray();
        return candidates.Length == 0 ? null : candidates[Random.Shared.Next(candidates.Length)];
    }

    private UpstreamModel Build(Backend backend, UpstreamModel? previous)
    {
        var isExternal = backend.Endpoints.Count > 0 && backend.Endpoints[0].IsExternal;
        var transport = new UpstreamTransport(backend.Protocol, isExternal, _clients.Settings)
        {
            Tls = backend.Protocol is BackendProtocol.Http or BackendProtocol.H2c ? null : Id.Tls,
        };
        var kept = previous?.Transport == transport ? previous : null;
        var state = kept?.State ?? new ClusterState(
            Id.ToString(), new ClusterModel(new ClusterConfig { ClusterId = Id.ToString() }, _clients.Get(Cleartext(transport))));

        var destinations = new DestinationState[backend.Endpoints.Count];
        for (var i = 0; i < destinations.Length; i++)
        {
            var name = backend.Endpoints[i].ToString();
            destinations[i] = kept is not null && kept.State.Destinations.TryGetValue(name, out var existing)
                ? existing
                : new DestinationState(name, new DestinationModel(new DestinationConfig { Address = $"http://{name}" }));
        }

        var names = destinations.Select(destination => destination.DestinationId).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var gone in state.Destinations.Keys.Where(name => !names.Contains(name)))
            state.Destinations.TryRemove(gone, out _);

        foreach (var destination in destinations)
            state.Destinations.TryAdd(destination.DestinationId, destination);
        state.DestinationsState = new ClusterDestinationsState(destinations, destinations);
        IsClusterIp = backend.IsClusterIp;
        return kept ?? new UpstreamModel(transport, state, RequestConfig(backend.Protocol))
        {
            SecureClient = backend.Protocol == BackendProtocol.ClientScheme ? _clients.Get(transport with { Protocol = BackendProtocol.Https }) : null,
            Http1 = _clients.GetHttp1(Cleartext(transport)),
            SecureHttp1 = backend.Protocol == BackendProtocol.ClientScheme ? _clients.GetHttp1(transport with { Protocol = BackendProtocol.Https }) : null,
        };
    }

    /// <summary>The cleartext transport of a backend that follows the client's scheme, shared with backends that always use it.</summary>
    private static UpstreamTransport Cleartext(UpstreamTransport transport) =>
        transport.Protocol == BackendProtocol.ClientScheme ? transport with { Protocol = BackendProtocol.Http, Tls = null } : transport;

    private ForwarderRequestConfig RequestConfig(BackendProtocol protocol) => new()
    {
        ActivityTimeout = _clients.ReadTimeout,
        Version = protocol is BackendProtocol.H2c or BackendProtocol.H2 ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}

/// <summary>A snapshot of a cluster.</summary>
/// <param name="Transport">The transport of its connections.</param>
/// <param name="State">YARP's cluster, with its destinations.</param>
/// <param name="RequestConfig">Protocol version and timeouts of requests.</param>
internal sealed record UpstreamModel(UpstreamTransport Transport, ClusterState State, ForwarderRequestConfig RequestConfig)
{
    /// <summary>As <see cref="RequestConfig"/>, for requests whose idle time is limited elsewhere.</summary>
    public ForwarderRequestConfig UntimedRequestConfig { get; } = RequestConfig with { ActivityTimeout = Timeout.InfiniteTimeSpan };

    /// <summary>The available endpoints, in order of address and port.</summary>
    public IReadOnlyList<DestinationState> Endpoints => State.DestinationsState.AvailableDestinations;

    /// <summary>The client for requests received by https; null unless the backend follows the client's scheme.</summary>
    public HttpMessageInvoker? SecureClient { get; init; }

    /// <summary>The connections of HTTP/1.1; null for other protocols.</summary>
    public Http1Client? Http1 { get; init; }

    /// <summary>The same for requests received by https, if the backend follows the client's scheme.</summary>
    public Http1Client? SecureHttp1 { get; init; }

    public Http1Client? Http1For(HttpContext context) => SecureHttp1 is { } secure && context.Request.IsHttps ? secure : Http1;

    public HttpMessageInvoker ClientFor(HttpContext context) =>
        SecureClient is { } secure && context.Request.IsHttps ? secure : State.Model.HttpClient;
}

/// <summary>The transport of connections to endpoints. Clusters with the same transport share an HTTP client.</summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="IsExternal">True for endpoints outside the cluster.</param>
/// <param name="Settings">The age of kept connections.</param>
internal readonly record struct UpstreamTransport(BackendProtocol Protocol, bool IsExternal, UpstreamSettings Settings)
{
    /// <summary>The TLS settings; null for the default, and without TLS.</summary>
    public BackendTlsSettings? Tls { get; init; }
}
