using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace IngressController.Tests.Fakes;

/// <summary>An HTTP/1.1 backend on a free port of 127.0.0.1 that does with each connection exactly what a test says.</summary>
internal sealed class WireBackend : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<WireConnection, Task> _serve;
    private readonly ConcurrentBag<WireConnection> _connections = [];
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly Task _accepting;
    private int _accepted;

    private WireBackend(Func<WireBackend, WireConnection, Task> serve, SslServerAuthenticationOptions? tls = null)
    {
        _tls = tls;
        _serve = connection => serve(this, connection);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Number of accepted connections.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>The requests that came, in order.</summary>
    public ConcurrentQueue<WireMessage> Requests { get; } = new();

    /// <summary>Serves each connection as <paramref name="serve"/> says; the connection is closed when it returns.</summary>
    public static WireBackend Start(Func<WireConnection, Task> serve) => new((_, connection) => serve(connection));

    /// <summary>As <see cref="Start"/>, over TLS.</summary>
    /// <param name="serve">What is done with a connection.</param>
    /// <param name="protocol">The protocol that is chosen if the client offers it; none unless given.</param>
    public static WireBackend StartTls(Func<WireConnection, Task> serve, SslApplicationProtocol? protocol = null) => new((_, connection) => serve(connection), new()
    {
        ServerCertificate = SelfSigned.Certificate("backend.test"),
        ApplicationProtocols = protocol is { } chosen ? [chosen] : null,
    });

    /// <summary>Answers every request with the same bytes.</summary>
    public static WireBackend Answer(string response) => Answer(_ => response);

    /// <summary>Answers every request with the bytes that <paramref name="answer"/> makes of it.</summary>
    public static WireBackend Answer(Func<WireMessage, string> answer) => new(async (backend, connection) =>
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            backend.Requests.Enqueue(request);
            await connection.SendAsync(answer(request));
        }
    });

    /// <summary>A response with status 200 and a body.</summary>
    public static string Ok(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>A port of 127.0.0.1 that refuses connections until the result is disposed.</summary>
    public static Socket Refusing(out int port)
    {
        // Bound but not listening: nobody else can get the port meanwhile.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        foreach (var connection in _connections)
            await connection.DisposeAsync();
        await _accepting;
        _tls?.ServerCertificate?.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                socket.NoDelay = true;
                Interlocked.Increment(ref _accepted);
                _ = ServeAsync(socket);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (_tls is not null)
            stream = new SslStream(stream);
        var connection = new WireConnection(stream, socket);
        _connections.Add(connection);
        try
        {
            if (stream is SslStream tls)
                await tls.AuthenticateAsServerAsync(_tls!);
            await _serve(connection);
        }
        catch (Exception ended) when (ended is IOException or SocketException or ObjectDisposedException or TimeoutException)
        {
            // The proxy closed an idle connection, or the test is over.
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }
}
