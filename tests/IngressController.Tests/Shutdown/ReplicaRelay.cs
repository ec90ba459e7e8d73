using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace IngressController.Tests.Shutdown;

/// <summary>The ports of a replica, from its log.</summary>
internal sealed record Replica(int HttpPort, int HttpsPort, int AdminPort);

/// <summary>
/// One address for several replicas, like kube-proxy: new connections go to replicas that were ready a second ago, existing connections
/// stay with their replica.
/// </summary>
internal sealed class ReplicaRelay : IAsyncDisposable
{
    /// <summary>The time from a probe until it applies on every node.</summary>
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<Replica, bool> _replicas = new();
    private readonly ConcurrentDictionary<Task, bool> _tasks = new();
    private readonly HttpClient _probes = new(new SocketsHttpHandler { UseProxy = false });
    private readonly TcpListener _http = new(IPAddress.Loopback, 0);
    private readonly TcpListener _https = new(IPAddress.Loopback, 0);
    private int _turn;

    public ReplicaRelay()
    {
        Run(AcceptAsync(_http, replica => replica.HttpPort));
        Run(AcceptAsync(_https, replica => replica.HttpsPort));
    }

    public int HttpPort => ((IPEndPoint)_http.LocalEndpoint).Port;

    public int HttpsPort => ((IPEndPoint)_https.LocalEndpoint).Port;

    /// <summary>Begins to probe a replica and returns when new connections go to it.</summary>
    public async Task AddAsync(Replica replica)
    {
        Run(ProbeAsync(replica));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!_replicas.ContainsKey(replica))
            await Task.Delay(50, limit.Token);
    }

    /// <summary>Returns when no new connection goes to a replica any more.</summary>
    public async Task UntilGoneAsync(Replica replica)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (_replicas.ContainsKey(replica))
            await Task.Delay(50, limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_tasks.Keys);
        _probes.Dispose();
        _end.Dispose();
    }

    private void Run(Task task) => _tasks[task] = true;

    private async Task ProbeAsync(Replica replica)
    {
        var wasReady = false;
        while (!_end.IsCancellationRequested)
        {
            var isReady = await IsReadyAsync(replica.AdminPort);
            if (isReady != wasReady)
            {
                await Task.Delay(Lag, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _ = isReady ? _replicas.TryAdd(replica, true) : _replicas.TryRemove(replica, out _);
            }

            wasReady = isReady;
            await Task.Delay(100, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> IsReadyAsync(int adminPort)
    {
        try
        {
            using var answer = await _probes.GetAsync($"http://127.0.0.1:{adminPort}/readyz", _end.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task AcceptAsync(TcpListener listener, Func<Replica, int> port)
    {
        listener.Start();
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(_end.Token);
                var ready = _replicas.Keys.ToArray();
                if (ready.Length == 0)
                    client.Dispose();
                else
                    Run(RelayAsync(client, port(ready[Interlocked.Increment(ref _turn) % ready.Length])));
            }
        }
        catch (OperationCanceledException)
        {
            listener.Stop();
        }
    }

    private async Task RelayAsync(Socket client, int port)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, port, _end.Token);
            await using var one = new NetworkStream(client);
            await using var other = new NetworkStream(server);
            await Task.WhenAll(CopyAsync(one, other, server), CopyAsync(other, one, client));
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
        {
            // The client's connection ends, and the test sees a failed request.
        }
        finally
        {
            client.Dispose();
        }
    }

    /// <summary>Copies one direction. Its end leaves the other direction open, as on a real connection.</summary>
    private async Task CopyAsync(NetworkStream from, NetworkStream to, Socket target)
    {
        await from.CopyToAsync(to, _end.Token);
        target.Shutdown(SocketShutdown.Send);
    }
}
