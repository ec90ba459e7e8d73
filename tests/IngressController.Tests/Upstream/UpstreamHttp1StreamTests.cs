using System.Text;
using IngressController.Http;
using IngressController.Upstream;

namespace IngressController.Tests.Upstream;

/// <summary>Bytes that arrive on a kept connection before the next request is sent on it.</summary>
public sealed class UpstreamHttp1StreamTests
{
    private static readonly byte[] Request = "GET / HTTP/1.1\r\n\r\n"u8.ToArray();

    private static readonly byte[] Response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray();

    [Fact]
    public async Task Bytes_before_a_request_are_never_its_response()
    {
        var endpoint = new Endpoint();
        await using var stream = new UpstreamHttp1Stream(endpoint);
        await ExchangeAsync(stream, endpoint);
        var ahead = stream.ReadAsync(new byte[100]).AsTask();
        endpoint.Send(Response);
        await ahead;

        var loss = await Assert.ThrowsAsync<UpstreamConnectionLostException>(() => stream.WriteAsync(Request).AsTask());
        Assert.False(loss.WasSent);
        Assert.Equal(1, endpoint.Writes);
    }

    [Fact]
    public async Task A_kept_connection_without_such_bytes_serves_on()
    {
        var endpoint = new Endpoint();
        await using var stream = new UpstreamHttp1Stream(endpoint);
        for (var i = 0; i < 3; i++)
            await ExchangeAsync(stream, endpoint);
        Assert.Equal(3, endpoint.Writes);
    }

    private static async Task ExchangeAsync(UpstreamHttp1Stream stream, Endpoint endpoint)
    {
        var buffer = new byte[100];
        var read = stream.ReadAsync(buffer).AsTask();
        await stream.WriteAsync(Request);
        endpoint.Send(Response);
        Assert.Equal(Encoding.ASCII.GetString(Response), Encoding.ASCII.GetString(buffer, 0, await read));
    }

    /// <summary>The connection to an endpoint that sends what a test says.</summary>
    private sealed class Endpoint : OneWayStream
    {
        private readonly SemaphoreSlim _available = new(0);
        private byte[] _next = [];

        public int Writes { get; private set; }

        public void Send(byte[] bytes)
        {
            _next = bytes;
            _available.Release();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _available.WaitAsync(cancellationToken);
            _next.CopyTo(buffer);
            return _next.Length;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            return default;
        }
    }
}
