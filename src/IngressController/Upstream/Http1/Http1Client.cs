using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.Routing.Table;

namespace IngressController.Upstream.Http1;

/// <summary>The connections of HTTP/1.1 of one transport, by endpoint. They survive changes of the configuration.</summary>
internal sealed class Http1Client(UpstreamTransport transport, UpstreamConnector connector, UpstreamOptions options, TimeSpan lifetime, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Http1Pool> _pools = new();

    public TimeProvider Time => time;

    /// <summary>True if the connections are above TLS.</summary>
    public bool IsHttps => transport.Protocol == BackendProtocol.Https;

    /// <summary>Called after it has opened a connection.</summary>
    public required Action<Http1Client> Connected { get; init; }

    /// <summary>True if there is no connection.</summary>
    public bool IsEmpty => _pools.IsEmpty;

    /// <summary>A kept connection to an endpoint; null if there is none.</summary>
    /// <param name="endpoint">Its address and port.</param>
    public Http1Connection? TryTake(string endpoint) => _pools.TryGetValue(endpoint, out var pool) ? pool.TryTake() : null;

    /// <summary>Opens a connection to an endpoint.</summary>
    /// <param name="endpoint">Its address and port.</param>
    /// <param name="limit">The time limit; null for the default.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    public async ValueTask<Http1Connection> ConnectAsync(string endpoint, TimeSpan? limit, CancellationToken cancellation)
    {
        // An address of IPv6 stands in brackets.
        var colon = endpoint.LastIndexOf(':');
        var address = new DnsEndPoint(endpoint[..colon].Trim('[', ']'), int.Parse(endpoint.AsSpan(colon + 1), CultureInfo.InvariantCulture));
        Stream stream;
        try
        {
            stream = await connector.ConnectAsync(transport, address, limit, cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // As the HTTP client reports it.
            throw new HttpRequestException(
                error is SocketException { SocketErrorCode: SocketError.HostNotFound } ? HttpRequestError.NameResolutionError : HttpRequestError.ConnectionError,
                $"{error.Message} ({endpoint})", error);
        }

        while (true)
        {
            if (_pools.GetOrAdd(endpoint, static (_, client) => new Http1Pool(client), this).TryAdd(stream) is not { } connection)
                continue;
            Connected(this);
            return connection;
        }
    }

    /// <summary>True if a connection may be kept for another request.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="idle">The number of connections to the endpoint that are idle already.</param>
    public bool Keeps(Http1Connection connection, int idle) =>
        transport.Settings.KeepAliveTimeout > TimeSpan.Zero && IsYoung(connection)
        && !(connection.Requests >= transport.Settings.KeepAliveRequests) && !(idle >= transport.Settings.KeepAliveConnections);

    /// <summary>True if an idle connection may be used again.</summary>
    public bool IsFresh(Http1Connection connection) => time.GetElapsedTime(connection.IdleSince) < transport.Settings.KeepAliveTimeout && IsYoung(connection);

    public void Check(Http1Connection connection, long now) => connection.Check(now, transport.Settings.KeepAliveTimeout, options.ReadTimeout);

    /// <summary>Ends connections that are idle or wait for too long. Called now and then.</summary>
    public void Check(long now)
    {
        foreach (var (endpoint, pool) in _pools)
        {
            pool.Check(now);
            if (pool.TryRetire())
                _pools.TryRemove(new(endpoint, pool));
        }
    }

    /// <summary>Ends all connections.</summary>
    public void Close()
    {
        foreach (var pool in _pools.Values)
            pool.Close();
    }

    private bool IsYoung(Http1Connection connection) => lifetime == Timeout.InfiniteTimeSpan || time.GetElapsedTime(connection.Opened) < lifetime;
}
