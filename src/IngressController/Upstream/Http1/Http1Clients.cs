using System.Collections.Concurrent;
using IngressController.Configuration;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Upstream.Http1;

/// <summary>The connections of HTTP/1.1 to all endpoints, by transport.</summary>
internal sealed class Http1Clients : IDisposable
{
    /// <summary>How often connections are looked at that are idle or wait. Short beside all of their times.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<UpstreamTransport, Http1Client> _clients = new();
    private readonly ConcurrentDictionary<Http1Client, bool> _connected = new();
    private readonly UpstreamOptions _options;
    private readonly UpstreamConnector _connector;
    private readonly TimeProvider _time;
    private readonly ITimer _checks;

    public Http1Clients(UpstreamOptions options, UpstreamConnector connector, TimeProvider time)
    {
        (_options, _connector, _time) = (options, connector, time);
        _checks = time.CreateTimer(static clients => ((Http1Clients)clients!).Check(), this, CheckInterval, CheckInterval);
    }

    /// <summary>The connections of a transport.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="lifetime">The time after which a connection takes no more requests.</param>
    public Http1Client Get(UpstreamTransport transport, TimeSpan lifetime) =>
        _clients.GetOrAdd(transport, (key, age) => new Http1Client(key, _connector, _options, age, _time) { Connected = Watch }, lifetime);

    /// <summary>Takes the clients of other settings out of use. They finish their requests, and their idle connections end by themselves.</summary>
    public void Apply(UpstreamSettings settings)
    {
        foreach (var transport in _clients.Keys.Where(known => known.Settings != settings))
            _clients.TryRemove(transport, out _);
    }

    /// <summary>Takes the clients of TLS settings out of use that no backend has any more, in the same way.</summary>
    public void RemoveUnused(HashSet<BackendTlsSettings> used)
    {
        foreach (var transport in _clients.Keys.Where(known => known.Tls is { } tls && !used.Contains(tls)))
            _clients.TryRemove(transport, out _);
    }

    public void Dispose()
    {
        _checks.Dispose();
        foreach (var client in _connected.Keys)
            client.Close();
    }

    private void Check()
    {
        var now = _time.GetTimestamp();
        foreach (var client in _connected.Keys)
        {
            client.Check(now);
            if (!client.IsEmpty)
                continue;
            _connected.TryRemove(client, out _);
            // One that connects meanwhile.
            if (!client.IsEmpty)
                Watch(client);
        }
    }

    private void Watch(Http1Client client) => _connected.TryAdd(client, true);
}
