using System.Net;
using System.Net.Sockets;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Resources;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Kubernetes;

/// <summary>A peer that is gone without closing the connection, as after a lost node or NAT entry.</summary>
public sealed class DeadConnectionTests
{
    /// <summary>
    /// Pings are sent after 30 idle seconds and time out after 15 s; the package alone needs 222 s. A watch may be idle for minutes, so
    /// nothing else detects it.
    /// </summary>
    [Fact]
    public async Task A_watch_over_a_dead_connection_ends_within_a_minute()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        using var relay = new Relay(server.Address.Port);
        using var connection = new ApiServerConnection(
            server.Configuration with { Host = new Uri($"https://127.0.0.1:{relay.Port}") }, TimeProvider.System);
        using var watch = await connection.WatchAsync(
            ResourceTypes.Services, new() { ResourceVersion = server.ResourceVersion, Timeout = TimeSpan.FromSeconds(300) }, CancellationToken.None);
        Assert.Equal("HTTP/2", Assert.Single(server.Requests).Protocol);
        relay.Freeze();

        await Assert.ThrowsAnyAsync<IOException>(() => ReadToEndAsync(watch).WaitAsync(TimeSpan.FromSeconds(60)));
    }

    private static async Task ReadToEndAsync(WatchStream<k8s.Models.V1Service> watch)
    {
        await foreach (var change in watch.ReadAllAsync())
            Assert.Fail($"unexpected event: {change}");
    }

    /// <summary>Relays between a client and a server. When it is frozen, it keeps both connections and forwards nothing.</summary>
    private sealed class Relay : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly List<IDisposable> _open = [];
        private volatile bool _isFrozen;

        public Relay(int to)
        {
            _listener.Start();
            _ = AcceptAsync(to);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Freeze() => _isFrozen = true;

        public void Dispose()
        {
            _listener.Dispose();
            lock (_open)
                _open.ForEach(connection => connection.Dispose());
        }

        private async Task AcceptAsync(int to)
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                var server = new TcpClient();
                lock (_open)
                    _open.AddRange([client, server]);
                await server.ConnectAsync(IPAddress.Loopback, to);
                _ = PumpAsync(client.GetStream(), server.GetStream());
                _ = PumpAsync(server.GetStream(), client.GetStream());
            }
        }

        private async Task PumpAsync(NetworkStream from, NetworkStream to)
        {
            var buffer = new byte[16 * 1024];
            while (await from.ReadAsync(buffer) is > 0 and var count)
            {
                // When frozen, data is dropped as in a network that has lost the connection.
                if (!_isFrozen)
                    await to.WriteAsync(buffer.AsMemory(0, count));
            }
        }
    }
}
