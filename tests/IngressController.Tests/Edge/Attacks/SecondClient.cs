using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>
/// A client at another address than the attackers. It requests something small throughout: over new connections without TLS, and over
/// HTTP/2 with a new connection for every tenth request.
/// </summary>
internal sealed class SecondClient : IAsyncDisposable
{
    private static readonly IPAddress Address = IPAddress.Parse("127.77.0.1");
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly AttackedServer _server;
    private readonly Lock _lock = new();
    private readonly List<double> _milliseconds = [];
    private readonly List<string> _failures = [];
    private readonly Task _requests;

    public SecondClient(AttackedServer server)
    {
        _server = server;
        _requests = Task.WhenAll(Task.Run(() => RepeatAsync(RequestAsync)), Task.Run(RepeatHttp2Async));
    }

    /// <summary>The requests that were not answered with 200.</summary>
    public IReadOnlyList<string> Failures => _failures;

    public int Count => _milliseconds.Count;

    /// <summary>The time that 99 % of the requests took less than.</summary>
    public double P99 => _milliseconds.Order().ElementAt((int)(_milliseconds.Count * 0.99));

    /// <summary>Ends the requests; the results are complete then.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _requests;
        _stop.Dispose();
    }

    private async Task RequestAsync()
    {
        await using var connection = await WireConnection.ConnectAsync(_server.HttpPort, from: Address);
        await connection.SendAsync($"GET /second HTTP/1.1\r\nHost: {AttackedServer.Host}\r\nConnection: close\r\n\r\n");
        var response = await connection.ReadResponseAsync();
        if (response.Status != 200)
            throw new HttpRequestException($"status {response.Status}");
    }

    private async Task RepeatHttp2Async()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var client = NewHttp2Client();
            var count = 0;
            await RepeatAsync(async () => (await client.GetAsync($"https://{AttackedServer.Host}/second")).EnsureSuccessStatusCode().Dispose(), () => ++count < 10);
        }
    }

    private async Task RepeatAsync(Func<Task> request, Func<bool>? goesOn = null)
    {
        while (!_stop.IsCancellationRequested && goesOn?.Invoke() != false)
        {
            var start = Stopwatch.GetTimestamp();
            string? failure = null;
            try
            {
                await request();
            }
            catch (Exception error) when (error is HttpRequestException or IOException or SocketException or TimeoutException or OperationCanceledException)
            {
                failure = $"{error.Message} {error.InnerException?.Message}";
            }

            lock (_lock)
            {
                _milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                if (failure is not null)
                    _failures.Add(failure);
            }

            await Task.Delay(Interval);
        }
    }

    private HttpClient NewHttp2Client() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(Address, 0));
            await socket.ConnectAsync(IPAddress.Loopback, _server.HttpsPort, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    })
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(15),
    };
}
