using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Shutdown;

/// <summary>
/// Sends requests until it is stopped. Over HTTP/1.1 failed requests are not retried, unlike in most clients with keep-alive, so that every
/// lost request is visible. It uses POST, so that no other client in between retries either.
/// </summary>
internal sealed class RestartLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _clients;

    private RestartLoad(int clients, Func<RestartLoad, Task> run) =>
        _clients = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(() => run(this)))];

    /// <summary>The number of responses by status and body, or by error.</summary>
    public ConcurrentDictionary<string, int> Answers { get; } = [];

    public static RestartLoad KeepAlive(int port, int clients, string host) => new(clients, async load =>
    {
        WireConnection? connection = null;
        while (!load._stop.IsCancellationRequested)
        {
            connection ??= await WireConnection.ConnectAsync(port);
            var response = await load.ExchangeAsync(connection, host);
            if (response?.One("Connection") is "close" || response is null)
            {
                await connection.DisposeAsync();
                connection = null;
            }

            await Task.Delay(5);
        }
    });

    public static RestartLoad NewConnections(int port, int clients, string host) => new(clients, async load =>
    {
        while (!load._stop.IsCancellationRequested)
        {
            await using var connection = await WireConnection.ConnectAsync(port);
            await load.ExchangeAsync(connection, host);
            await Task.Delay(5);
        }
    });

    /// <summary>Sends the requests of all clients over one connection with many concurrent streams.</summary>
    public static RestartLoad Http2(int port, int clients, string host)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        })
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        return new RestartLoad(clients, async load =>
        {
            while (!load._stop.IsCancellationRequested)
            {
                try
                {
                    using var response = await client.PostAsync($"https://{host}/", new StringContent("x"));
                    load.Count($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                }
                catch (HttpRequestException error)
                {
                    load.Count($"{error.Message} {error.InnerException?.Message}");
                }

                await Task.Delay(5);
            }
        });
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task<WireMessage?> ExchangeAsync(WireConnection connection, string host)
    {
        try
        {
            await connection.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\n\r\nx");
            var response = await connection.ReadResponseAsync("POST");
            Count($"{response.Status} {response.Body}");
            return response;
        }
        catch (Exception error) when (error is IOException or SocketException or TimeoutException)
        {
            Count(error.Message);
            return null;
        }
    }

    private void Count(string answer) => Answers.AddOrUpdate(answer, 1, static (_, count) => count + 1);
}
