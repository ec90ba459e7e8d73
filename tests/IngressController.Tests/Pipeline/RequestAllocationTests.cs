using System.Net.Sockets;
using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Pipeline;

/// <summary>
/// The managed memory that a request allocates in the whole process. The backend is another process, and the client of this class allocates
/// nothing, so the proxy allocates all of it. The bounds are for Debug builds, in which each async method that is called is an object.
/// </summary>
[Collection("alone")]
public sealed class RequestAllocationTests
{
    private const int Requests = 1_000;

    [Theory]
    [InlineData("GET", 0, 5_000)]
    [InlineData("POST", 4096, 8_000)]
    public async Task A_request_over_a_kept_connection_allocates_at_most(string method, int body, int bound)
    {
        // nginx reads the whole body before it asks itself for the answer.
        await using var backend = await NginxProcess.StartAsync(
            """
            location / { proxy_pass http://127.0.0.1:$server_port/answer; }
            location /answer { return 200 "0123456789"; }
            """);
        await using var controller = await TestController.StartAsync(
            Manifests.Service("app", [backend.Port]) + Manifests.Ingress("app", "app.example", "app"));

        Assert.InRange(await Task.Run(() => Measure(controller.HttpPort, method, body)), 0, bound);
    }

    /// <summary>Returns the bytes per request of the best of several rounds: what runs in the background allocates now and then.</summary>
    private static long Measure(int port, string method, int body)
    {
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 15_000 };
        client.Connect("127.0.0.1", port);
        var request = Encoding.ASCII.GetBytes(
            $"{method} / HTTP/1.1\r\nHost: app.example\r\n{(body > 0 ? $"Content-Length: {body}\r\n" : "")}\r\n{new string('x', body)}");
        var buffer = new byte[4096];
        Exchange(client, request, buffer);
        var best = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < Requests; i++)
                Exchange(client, request, buffer);
            best = Math.Min(best, (GC.GetTotalAllocatedBytes(precise: true) - before) / Requests);
        }

        return best;
    }

    private static void Exchange(Socket client, byte[] request, byte[] buffer)
    {
        client.Send(request);
        var length = 0;
        while (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n0123456789"u8))
        {
            var read = client.Receive(buffer.AsSpan(length));
            Assert.NotEqual(0, read);
            length += read;
        }

        Assert.True(buffer.AsSpan().StartsWith("HTTP/1.1 200"u8), "the status is not 200");
    }
}
