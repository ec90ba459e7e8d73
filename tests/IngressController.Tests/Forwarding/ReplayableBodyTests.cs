using IngressController.Http;

namespace IngressController.Tests.Forwarding;

public sealed class ReplayableBodyTests
{
    private static ReplayableBody BodyOf(int length, bool isKnown = false) =>
        new(new MemoryStream([.. Enumerable.Range(0, length).Select(i => (byte)i)]), isKnown ? length : null);

    private static async Task<byte[]> ReadAsync(ReplayableBody body, int count)
    {
        var bytes = new byte[count];
        return bytes[..await body.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false)];
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4097)]
    [InlineData(65_536)]
    public async Task What_was_read_is_read_again(int length)
    {
        using var body = BodyOf(length);
        var first = await ReadAsync(body, length / 2);
        body.Rewind();
        var again = await ReadAsync(body, length + 1);
        body.Rewind();
        Assert.Equal(again, await ReadAsync(body, length + 1));
        Assert.Equal(length, again.Length);
        Assert.Equal(first, again[..first.Length]);
        Assert.True(body.CanReplay);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_longer_body_passes_and_can_be_sent_once(bool isKnown)
    {
        using var body = BodyOf(65_537, isKnown);
        Assert.True(body.CanReplay);
        Assert.Equal(65_537, (await ReadAsync(body, 70_000)).Length);
        Assert.False(body.CanReplay);
    }

    [Fact]
    public async Task A_released_body_ends_as_it_began()
    {
        using var body = BodyOf(100);
        var first = await ReadAsync(body, 60);
        body.Rewind();
        body.Release();
        Assert.False(body.CanReplay);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (byte)i), await ReadAsync(body, 200));
        Assert.Equal(60, first.Length);
    }

    [Fact]
    public async Task Only_an_error_of_the_client_counts_as_one()
    {
        using var body = new ReplayableBody(new FailingStream(), null);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => body.ReadExactlyAsync(new byte[1], new CancellationToken(canceled: true)).AsTask());
        Assert.False(body.HasFailed);
        await Assert.ThrowsAsync<IOException>(() => body.ReadExactlyAsync(new byte[1]).AsTask());
        Assert.True(body.HasFailed);
    }

    [Fact]
    public async Task A_canceled_read_leaves_the_body_to_the_next_attempt()
    {
        var client = new System.IO.Pipelines.Pipe();
        using var body = new ReplayableBody(new UncancelableStream(client.Reader.AsStream()), null);
        using var attempt = new CancellationTokenSource();
        var first = body.ReadExactlyAsync(new byte[3], attempt.Token).AsTask();
        await attempt.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(body.HasFailed);

        body.Rewind();
        var second = ReadAsync(body, 3);
        await client.Writer.WriteAsync("abc"u8.ToArray());
        Assert.Equal("abc"u8.ToArray(), await second);
        body.Rewind();
        Assert.Equal("abc"u8.ToArray(), await ReadAsync(body, 3));
    }

    /// <summary>A stream that, as Kestrel's, allows one read at a time and none after a canceled one.</summary>
    private sealed class UncancelableStream(Stream stream) : ReadOnlyStream
    {
        private bool _isReading;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Assert.False(_isReading, "Reading is already in progress.");
            _isReading = true;
            var count = await stream.ReadAsync(buffer, cancellationToken);
            _isReading = false;
            return count;
        }
    }

    private sealed class FailingStream : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken) : throw new IOException("reset by peer");
    }
}
