using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace IngressController.ClusterTests.Fixture;

/// <summary>A relay to the API server that can be shut: then its connections are closed, and new ones are closed at once.</summary>
internal sealed class Gate : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, bool> _open = new();
    private readonly int _port;
    private readonly Task _accepting;
    private volatile bool _isShut;

    public Gate(Uri target)
    {
        _port = target.Port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public void Shut()
    {
        _isShut = true;
        foreach (var socket in _open.Keys)
            socket.Dispose();
    }

    public void Open() => _isShut = false;

    public async ValueTask DisposeAsync()
    {
        Shut();
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = RelayAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            // The listener has been stopped.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _open[client] = _open[server] = true;
        try
        {
            if (_isShut)
                return;
            await server.ConnectAsync(IPAddress.Loopback, _port);
            await using var one = new NetworkStream(client);
            await using var other = new NetworkStream(server);
            await Task.WhenAny(one.CopyToAsync(other), other.CopyToAsync(one));
        }
        catch (Exception end) when (end is IOException or SocketException or ObjectDisposedException)
        {
            // Either peer is gone, or the gate was shut.
        }
        finally
        {
            _open.TryRemove(client, out _);
            _open.TryRemove(server, out _);
            client.Dispose();
        }
    }
}
