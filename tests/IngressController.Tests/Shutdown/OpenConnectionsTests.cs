using System.IO.Pipelines;
using System.Net.Security;
using IngressController.Shutdown;
using IngressController.Tests.Kubernetes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace IngressController.Tests.Shutdown;

/// <summary>Whatever a connection is in the middle of when the process ends, the end goes on.</summary>
public sealed class OpenConnectionsTests
{
    /// <summary>Else nobody would cut what is left when the grace period is over, and the process would never end.</summary>
    [Fact]
    public async Task A_connection_that_fails_holds_up_neither_the_others_nor_the_end()
    {
        var clock = new ManualTimeProvider();
        var connections = new OpenConnections(NullLogger<OpenConnections>.Instance);
        var ends = new TaskCompletionSource();
        var ticks = 0;
        Task[] open =
        [
            .. Enumerable.Range(0, 3).Select(number => connections.Keep(async connection =>
            {
                connection.Features.Get<IConnectionHeartbeatFeature>()!.OnHeartbeat(
                    _ =>
                    {
                        Interlocked.Increment(ref ticks);
                        throw new NotSupportedException($"connection {number}");
                    },
                    connection);
                await connection.Transport.Output.WriteAsync(new byte[] { 1 });
                await ends.Task;
            })(new Http2Connection())),
        ];

        connections.Announce();
        var stopped = new TaskCompletionSource();
        var ended = connections.TickUntilAsync(stopped.Task, clock);
        for (var i = 0; i < 1000 && ticks < 6 && !ended.IsCompleted; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(200));
            await Task.Delay(2);
        }

        Assert.False(ended.IsFaulted, $"{ended.Exception}");
        Assert.True(ticks >= 6, $"{ticks} ticks");
        stopped.SetResult();
        clock.Advance(TimeSpan.FromMilliseconds(200));
        await ended.WaitAsync(TimeSpan.FromSeconds(10));
        ends.SetResult();
        await Task.WhenAll(open);
    }

    private sealed class Http2Connection : DefaultConnectionContext, ITlsApplicationProtocolFeature, IDuplexPipe
    {
        public Http2Connection()
        {
            Features.Set<ITlsApplicationProtocolFeature>(this);
            Transport = this;
        }

        public ReadOnlyMemory<byte> ApplicationProtocol => SslApplicationProtocol.Http2.Protocol;

        public PipeReader Input { get; } = PipeReader.Create(Stream.Null);

        public PipeWriter Output { get; } = new FailingWriter();
    }

    /// <summary>Takes the first bytes, and then no more.</summary>
    private sealed class FailingWriter : PipeWriter
    {
        private int _flushes;

        public override void Advance(int bytes)
        {
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            ++_flushes == 1 ? default : throw new NotSupportedException("another write is under way");

        public override Memory<byte> GetMemory(int sizeHint = 0) => new byte[Math.Max(64, sizeHint)];

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
