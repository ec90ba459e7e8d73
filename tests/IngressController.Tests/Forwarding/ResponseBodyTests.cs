using IngressController.Forwarding;
using IngressController.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Tests.Forwarding;

/// <summary>The read that is pending while the head is sent: its buffer belongs to the caller, which reuses it.</summary>
public sealed class ResponseBodyTests
{
    [Fact]
    public async Task A_head_that_cannot_be_sent_ends_the_read_before_its_buffer_is_returned()
    {
        var backend = new SilentBody();
        await using var body = await BodyAsync(backend, new FailingFlush());

        var error = await Assert.ThrowsAsync<IOException>(() => body.ReadAsync(new byte[16]).AsTask().WaitAsync(TimeSpan.FromSeconds(15)));
        Assert.Equal("flush", error.Message);
        Assert.True(backend.HasEnded);
    }

    [Fact]
    public async Task Canceling_ends_a_read_that_waits_for_the_backend()
    {
        var backend = new SilentBody();
        await using var body = await BodyAsync(backend, new MemoryStream());
        using var cancellation = new CancellationTokenSource();
        var read = body.ReadAsync(new byte[16], cancellation.Token).AsTask();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(TimeSpan.FromSeconds(15)));
        Assert.True(backend.HasEnded);
    }

    private static Task<Stream> BodyAsync(Stream backend, Stream client)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(client));
        return new ResponseContent(new HttpResponseMessage { Content = new StreamContent(backend) }, context, exchange: null, new CutResponse(TimeProvider.System), sendsHeadEarly: true).ReadAsStreamAsync();
    }

    /// <summary>An idle backend. A read ends only after it is canceled, with a delay.</summary>
    private sealed class SilentBody : ReadOnlyStream
    {
        public bool HasEnded { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using (cancellationToken.Register(cancelled.SetResult))
                await cancelled.Task;
            await Task.Yield();
            buffer.Span[0] = 1;
            HasEnded = true;
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private sealed class FailingFlush : WriteOnlyStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.FromException(new IOException("flush"));
    }
}
