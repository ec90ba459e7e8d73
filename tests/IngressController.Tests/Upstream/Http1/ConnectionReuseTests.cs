using System.Globalization;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Upstream.Http1;

/// <summary>
/// No client gets a byte that belongs to another one, whatever an endpoint does with the connections that requests share: every response names
/// its request, and some are followed by others, cut, reset or early. <c>REUSE_REQUESTS</c> sets the number of requests.
/// </summary>
public sealed class ConnectionReuseTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private const int Clients = 32;

    private static int Requests { get; } = int.Parse(Environment.GetEnvironmentVariable("REUSE_REQUESTS") ?? "8000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Every_response_is_that_of_its_request()
    {
        await using var backend = WireBackend.Start(ServeAsync);
        var host = await proxy.ServeAsync(backend);
        var counts = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => SendAsync(host, client)));
        // Most are whole, and some of each kind of failure have happened.
        Assert.True(counts.Sum(count => count.Whole) > Requests / 2, $"{counts.Sum(count => count.Whole)} whole");
        Assert.True(counts.Sum(count => count.Failed) > Requests / 50, $"{counts.Sum(count => count.Failed)} failed");
        Assert.True(backend.Accepted < Requests / 2, $"{backend.Accepted} connections");
    }

    private static async Task ServeAsync(WireConnection connection)
    {
        var random = new Random();
        while (await connection.ReadHeadAsync() is { } request)
        {
            var name = request.Target;
            var kind = random.Next(100);
            // Before the body: the connection cannot be used for another request.
            if (request.Method == "POST" && kind < 10)
            {
                await connection.SendAsync($"HTTP/1.1 413 Too Large\r\nContent-Length: {name.Length}\r\n\r\n{name}");
                return;
            }

            if (request.Method == "POST")
                await connection.ReadTextAsync(2000);
            var whole = $"HTTP/1.1 200 OK\r\nX-Name: {name}\r\nContent-Length: {name.Length}\r\n\r\n{name}";
            switch (kind)
            {
                case < 60:
                    await connection.SendAsync(whole);
                    break;
                case < 75:
                    await connection.SendAsync($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{name[..3]}\r\n");
                    await connection.SendAsync($"{name.Length - 3:x}\r\n{name[3..]}\r\n0\r\n\r\n");
                    break;
                case < 80:
                    await connection.SendAsync(whole.Replace("\r\nX-Name", "\r\nConnection: close\r\nX-Name", StringComparison.Ordinal));
                    return;
                case < 84:
                    await connection.SendAsync(whole);
                    return;
                case < 88:
                    await connection.SendAsync(whole + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
                    break;
                case < 92:
                    await connection.SendAsync(whole[..^3]);
                    return;
                case < 96:
                    await connection.SendAsync(whole[..^3]);
                    connection.Reset();
                    return;
                default:
                    connection.Reset();
                    return;
            }
        }
    }

    private async Task<(int Whole, int Failed)> SendAsync(string host, int client)
    {
        var (whole, failed) = (0, 0);
        var connection = await proxy.ConnectAsync();
        for (var i = 0; i < Requests / Clients; i++)
        {
            var name = $"/request-{client}-{i}-of-many";
            var isPost = i % 3 == 0;
            await connection.SendAsync(isPost
                ? $"POST {name} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2000\r\n\r\n{new string('b', 2000)}"
                : $"GET {name} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            var head = await connection.ReadHeadAsync();
            if (head is { Status: 200 or 413 })
            {
                var (body, isComplete) = await ReadBodyAsync(connection, head);
                Assert.StartsWith(body, name, StringComparison.Ordinal);
                Assert.True(head.Status == 413 || head.One("X-Name") is null || head.One("X-Name") == name, $"{name}: {head.One("X-Name")}");
                if (isComplete)
                {
                    Assert.Equal(name, body);
                    whole++;
                    if (head.One("Connection") is not "close")
                        continue;
                }
            }
            else if (head is not null)
            {
                Assert.Equal(502, head.Status);
            }

            failed++;
            await connection.DisposeAsync();
            connection = await proxy.ConnectAsync();
        }

        await connection.DisposeAsync();
        return (whole, failed);
    }

    private static async Task<(string Body, bool IsComplete)> ReadBodyAsync(WireConnection connection, WireMessage head)
    {
        var body = "";
        try
        {
            if (head.One("Content-Length") is { } length)
                return (await connection.ReadTextAsync(int.Parse(length, CultureInfo.InvariantCulture)), true);
            while (await connection.ReadChunkAsync() is { Length: > 0 } chunk)
                body += chunk;
            Assert.Equal("", await connection.ReadLineAsync());
            return (body, true);
        }
        catch (Exception error) when (error is IOException or EndOfStreamException)
        {
            return (body, false);
        }
    }
}
