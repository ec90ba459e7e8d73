using System.Diagnostics;
using IngressController.Features.Bodies;
using IngressController.Routing.Features.Bodies;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Features.Bodies;

/// <summary>limit-rate and limit-rate-after.</summary>
public sealed class LimitRateTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    [Fact]
    public async Task Bytes_are_forwarded_at_the_configured_rate()
    {
        var time = new ManualTimeProvider();
        await using var paced = new PacedStream(new MemoryStream(new byte[10_000]), new ResponseRatePolicy(1_000, BytesBefore: 2_500), time);
        var buffer = new byte[2_000];

        // The bytes before limit-rate-after are immediate, then pieces of a tenth of a second, of which the first is immediate.
        Assert.Equal(2_000, await paced.ReadAsync(buffer));
        Assert.Equal(500, await paced.ReadAsync(buffer));
        Assert.Equal(100, await paced.ReadAsync(buffer));
        var next = paced.ReadAsync(buffer);
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(100, await next);

        // 900 ms later 1,100 bytes are allowed, of which 200 have been sent.
        time.Advance(TimeSpan.FromMilliseconds(900));
        var total = 0;
        while (true)
        {
            var read = paced.ReadAsync(buffer);
            if (!read.IsCompleted)
                break;
            total += await read;
        }

        Assert.Equal(900, total);
    }

    [Fact]
    public async Task A_waiting_read_ends_when_it_is_canceled()
    {
        await using var paced = new PacedStream(new MemoryStream(new byte[100]), new ResponseRatePolicy(1, BytesBefore: 1), new ManualTimeProvider());
        var buffer = new byte[10];
        Assert.Equal(1, await paced.ReadAsync(buffer));
        Assert.Equal(1, await paced.ReadAsync(buffer));
        using var cancellation = new CancellationTokenSource();
        var read = paced.ReadAsync(buffer, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Theory]
    [InlineData("Content-Length: 262144\r\n", "")]
    [InlineData("Transfer-Encoding: chunked\r\n", "40000\r\n")]
    public async Task A_paced_response_is_complete_and_takes_the_expected_time(string framing, string chunk)
    {
        var body = new string('x', 256 * 1024);
        await using var backend = WireBackend.Answer($"HTTP/1.1 200 OK\r\n{framing}\r\n{chunk}{body}{(chunk.Length == 0 ? "" : "\r\n0\r\n\r\n")}");
        // 256 KiB at 128 KiB/s, half of them at full speed: one second without the first piece.
        var host = await proxy.ServeAsync(backend.Port, ("limit-rate", "128"), ("limit-rate-after", "128"));
        var start = Stopwatch.GetTimestamp();
        var response = await proxy.GetAsync(host);
        Assert.Equal(body, response.Body);
        Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(0.7), $"{Stopwatch.GetElapsedTime(start)}");
    }
}
