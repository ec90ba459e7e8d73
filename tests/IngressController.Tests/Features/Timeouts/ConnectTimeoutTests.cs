using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Timeouts;

/// <summary>proxy-connect-timeout, which connections of other routes do not share, though they share all connections.</summary>
public sealed class ConnectTimeoutTests(TimeoutsFixture fixture) : IClassFixture<TimeoutsFixture>
{
    [Theory]
    [InlineData(Way.Direct)]
    [InlineData(Way.HttpClient)]
    [InlineData(Way.Http2)]
    public async Task An_endpoint_that_takes_no_connection_is_504_after_the_time_of_the_route(Way way)
    {
        using var full = new FullBacklog();
        var host = await fixture.ServeAsync(way != Way.HttpClient, "proxy-connect-timeout: \"1\"", [full.Port], way == Way.Http2);
        var start = Stopwatch.GetTimestamp();
        await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(504, (await client.ReadResponseAsync()).Status);
        // The default is 5 s.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, 4.5);
    }

    [Theory]
    [InlineData(Way.Direct)]
    [InlineData(Way.HttpClient)]
    public async Task Another_endpoint_gets_the_request_then(Way way)
    {
        using var full = new FullBacklog();
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        var host = await fixture.ServeAsync(way != Way.HttpClient, "proxy-connect-timeout: \"1\"", [full.Port, backend.Port]);
        for (var i = 0; i < 4; i++)
        {
            await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nhi");
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }

        Assert.Equal(4, backend.Requests.Count);
    }

    [Theory]
    [InlineData(Way.Direct)]
    [InlineData(Way.HttpClient)]
    public async Task Routes_with_different_limits_share_the_connections_of_an_endpoint(Way way)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        string[] limits =
        [
            "", "proxy-connect-timeout: \"1\"", "proxy-connect-timeout: \"2\", proxy-read-timeout: \"7\"", "request-timeout: \"9s\"", "per-try-timeout: \"9s\"",
        ];
        var hosts = new List<string>();
        foreach (var annotations in limits)
            hosts.Add(await fixture.ServeAsync(way != Way.HttpClient, annotations, [backend.Port]));
        await using var client = await fixture.ConnectAsync(way != Way.HttpClient);
        foreach (var host in hosts.Concat(hosts))
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }

        Assert.Equal((1, 10), (backend.Accepted, backend.Requests.Count));
    }

    /// <summary>A port whose backlog is full: the kernel drops each SYN, like a node that is down.</summary>
    private sealed class FullBacklog : IDisposable
    {
        private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
        private readonly Socket[] _fillers;

        public FullBacklog()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(0);
            _fillers = [.. Enumerable.Range(0, 4).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false })];
            foreach (var filler in _fillers)
            {
                try
                {
                    filler.Connect(_listener.LocalEndPoint!);
                }
                catch (SocketException pending) when (pending.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                {
                    // It waits for its turn.
                }
            }
        }

        public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

        public void Dispose()
        {
            Array.ForEach(_fillers, filler => filler.Dispose());
            _listener.Dispose();
        }
    }
}
