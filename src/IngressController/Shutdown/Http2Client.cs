using System.Collections.Concurrent;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace IngressController.Shutdown;

/// <summary>A connection of an HTTP/2 client, as far as its end is concerned. Requests find it among their features.</summary>
internal sealed class Http2Client : IConnectionHeartbeatFeature, IDuplexPipe
{
    private readonly IDuplexPipe _transport;
    private readonly GoAwayWriter _output;
    private readonly IConnectionHeartbeatFeature? _heartbeat;
    private readonly ConcurrentQueue<(Action<object> Action, object State)> _onHeartbeat = new();

    /// <summary>Takes the place of the connection's transport and heartbeat.</summary>
    public Http2Client(ConnectionContext connection)
    {
        _transport = connection.Transport;
        _output = new GoAwayWriter(_transport.Output);
        _heartbeat = connection.Features.Get<IConnectionHeartbeatFeature>();
        connection.Transport = this;
        connection.Features.Set<IConnectionHeartbeatFeature>(this);
        connection.Features.Set(this);
    }

    PipeReader IDuplexPipe.Input => _transport.Input;

    PipeWriter IDuplexPipe.Output => _output;

    /// <summary>Asks for no new streams, once; see <see cref="GoAwayWriter"/>.</summary>
    public void Announce() => _output.Announce();

    /// <summary>
    /// Lets Kestrel see what has become of the connection. It notices with its heartbeat that a connection that is to end has no more
    /// streams, but stops the heartbeat when it begins to stop: without this, a client that does not close would hold up the end.
    /// </summary>
    public void Tick()
    {
        foreach (var (action, state) in _onHeartbeat)
            action(state);
    }

    void IConnectionHeartbeatFeature.OnHeartbeat(Action<object> action, object state)
    {
        _onHeartbeat.Enqueue((action, state));
        _heartbeat?.OnHeartbeat(action, state);
    }

    /// <summary>Gives the connection back what it had.</summary>
    public void Leave(ConnectionContext connection)
    {
        connection.Transport = _transport;
        connection.Features.Set(_heartbeat);
    }
}
