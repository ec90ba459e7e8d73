using System.Collections.Concurrent;
using IngressController.Tests.Fakes;
using IngressController.Tests.Features.Timeouts;

namespace IngressController.Tests.Features.Retries;

/// <summary>
/// Retries are safe under load: none sends a request twice that may not be, none multiplies the load of a backend that fails, and none is missing
/// where an endpoint refuses connections.
/// </summary>
public sealed class RetrySafetyTests(TimeoutsFixture fixture) : IClassFixture<TimeoutsFixture>
{
    private const int Clients = 16;

    private const int Requests = 1000;

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "X-CUSTOM"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_one_endpoint_refuses_connections_all_requests_of_every_method_succeed_elsewhere(bool direct)
    {
        using var refusing = WireBackend.Refusing(out var port);
        var received = new ConcurrentDictionary<string, int>();
        await using var backend = WireBackend.Answer(request =>
        {
            received.AddOrUpdate(request.Method, 1, static (_, count) => count + 1);
            return request.Method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : WireBackend.Ok("ok");
        });
        var host = await fixture.ServeAsync(direct, "", [port, backend.Port]);
        var each = Requests / Clients * Clients;
        foreach (var method in Methods)
        {
            await ForEachAsync(direct, each, async (client, _) =>
            {
                await client.SendAsync($"{method} / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nhi");
                Assert.Equal(200, (await client.ReadResponseAsync(method)).Status);
            });
        }

        Assert.Equal(Methods.Order().Select(method => (method, each)), received.OrderBy(entry => entry.Key).Select(entry => (entry.Key, entry.Value)));
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "")]
    [InlineData(true, "proxy-next-upstream: \"error timeout http_502 http_503\", proxy-next-upstream-tries: \"0\"")]
    [InlineData(false, "proxy-next-upstream: \"error timeout http_502 http_503\", proxy-next-upstream-tries: \"0\"")]
    public async Task An_endpoint_that_dies_after_reading_the_request_never_makes_a_POST_arrive_twice(bool direct, string annotations)
    {
        var arrived = new ConcurrentDictionary<string, int>();
        Func<WireConnection, bool, Task> serve = async (connection, isGood) =>
        {
            for (var served = 0; await connection.ReadRequestAsync() is { } request; served++)
            {
                arrived.AddOrUpdate(request.Target, 1, static (_, count) => count + 1);
                // Some die on a new connection and some on one that was kept, which the proxy can take for closed while it was idle.
                if (!isGood && (served > 0 || Random.Shared.Next(2) == 0))
                {
                    connection.Reset();
                    return;
                }

                await connection.SendAsync(WireBackend.Ok("ok"));
            }
        };
        await using var good = WireBackend.Start(connection => serve(connection, true));
        await using var first = WireBackend.Start(connection => serve(connection, false));
        await using var second = WireBackend.Start(connection => serve(connection, false));
        var host = await fixture.ServeAsync(direct, annotations, [good.Port, first.Port, second.Port]);
        var failed = 0;
        await ForEachAsync(direct, Requests, async (client, number) =>
        {
            await client.SendAsync($"POST /{number} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nhi");
            if ((await client.ReadResponseAsync()).Status != 200)
                Interlocked.Increment(ref failed);
        });
        Assert.All(arrived, request => Assert.Equal(1, request.Value));
        Assert.InRange(failed, Requests / 10, Requests);
    }

    [Theory]
    [InlineData(true, "http_503", true)]
    [InlineData(false, "http_503", true)]
    [InlineData(true, "error", false)]
    [InlineData(false, "error", false)]
    public async Task With_all_endpoints_failing_the_attempts_stay_within_the_budget(bool direct, string conditions, bool responds)
    {
        var arrived = 0;
        Func<WireConnection, Task> serve = async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                Interlocked.Increment(ref arrived);
                if (!responds)
                {
                    connection.Reset();
                    return;
                }

                await connection.SendAsync("HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
            }
        };
        await using var first = WireBackend.Start(serve);
        await using var second = WireBackend.Start(serve);
        var host = await fixture.ServeAsync(direct, $"proxy-next-upstream: \"{conditions}\", proxy-next-upstream-tries: \"0\"", [first.Port, second.Port]);
        await ForEachAsync(direct, Requests, async (client, _) =>
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            Assert.Equal(responds ? 503 : 502, (await client.ReadResponseAsync()).Status);
        });
        // A fifth of the requests, and a hundred at once. The clock stands still, so none are added per second.
        Assert.InRange(arrived, Requests + 50, (Requests * 1.2) + 100);
    }

    /// <summary>Sends requests over some connections at the same time.</summary>
    private async Task ForEachAsync(bool direct, int requests, Func<WireConnection, int, Task> send)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            await using var client = await fixture.ConnectAsync(direct);
            for (int number; (number = Interlocked.Increment(ref next)) <= requests;)
                await send(client, number);
        }));
    }
}
