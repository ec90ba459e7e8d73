using System.Collections.Concurrent;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace IngressController.Shutdown;

/// <summary>A connection of an HTTP/2 client that can be drained. It is a feature of the connection's requests.</summary>
internal sealed class Http2Client : IConnectionHeartbeatFeature, IDuplexPipe
{
    private readonly IDuplexPipe _transport;
    private readonly GoAwayWriter _output;
    private readonly IConnectionHeartbeatFeature? _heartbeat;
    private readonly ConcurrentQueue<(Action<object> Action, object State)> _onHeartbeat = new();

    /// <summary>Replaces the transport and the heartbeat of the connection.</summary>
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

    /// <summary>Asks the client to open no new streams, once; see <see cref="GoAwayWriter"/>.</summary>
    public void SendGoAway() => _output.SendGoAway();

    /// <summary>
    /// Runs the heartbeat actions of the connection. Kestrel uses its heartbeat to detect that a closing connection has no more streams,
    /// but stops the heartbeat when it begins to stop. Without this, a client that does not close its connection would delay the shutdown.
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

    /// <summary>Restores the transport and the heartbeat of the connection.</summary>
    public void Detach(ConnectionContext connection)
    {
        connection.Transport = _transport;
        connection.Features.Set(_heartbeat);
    }
}
