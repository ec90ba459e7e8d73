using System.IO.Pipelines;
using System.Net.Security;
using IngressController.Shutdown;
using IngressController.Tests.Kubernetes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace IngressController.Tests.Shutdown;

/// <summary>No state of a connection delays the shutdown.</summary>
public sealed class OpenConnectionsTests
{
    /// <summary>Otherwise requests would not be aborted after the grace period, and the process would never end.</summary>
    [Fact]
    public async Task Failing_connection_delays_neither_the_others_nor_the_shutdown()
    {
        var clock = new ManualTimeProvider();
        var connections = new OpenConnections(NullLogger<OpenConnections>.Instance);
        var ends = new TaskCompletionSource();
        var ticks = 0;
        Task[] open =
        [
            .. Enumerable.Range(0, 3).Select(number => connections.Track(async connection =>
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
            })(new Http2Connection(new FailingWriter()))),
        ];

        connections.SendGoAway();
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

    /// <summary>A client that does not read leaves no room for the GOAWAY; other clients still get theirs.</summary>
    [Fact]
    public async Task Client_that_does_not_read_does_not_delay_the_GOAWAY_to_others()
    {
        var connections = new OpenConnections(NullLogger<OpenConnections>.Instance);
        var ends = new TaskCompletionSource();
        StuckWriter[] writers = [new(), new(), new()];
        var outputs = new List<PipeWriter>();
        Task[] open =
        [
            .. writers.Select(writer => connections.Track(async connection =>
            {
                outputs.Add(connection.Transport.Output);
                await connection.Transport.Output.WriteAsync(new byte[] { 1 });
                await ends.Task;
            })(new Http2Connection(writer))),
        ];

        await Task.Run(connections.SendGoAway).WaitAsync(TimeSpan.FromSeconds(5));
        Assert.All(writers, writer => Assert.Equal(1 + 17, writer.Written));

        // Nothing is written during a flush.
        var writing = Task.Run(() => outputs[0].GetMemory(1).Length);
        await Task.Delay(50);
        Assert.False(writing.IsCompleted);
        writers[0].Reads.SetResult(default);
        Assert.NotEqual(0, await writing.WaitAsync(TimeSpan.FromSeconds(5)));
        ends.SetResult();
        await Task.WhenAll(open);
    }

    private sealed class Http2Connection : DefaultConnectionContext, ITlsApplicationProtocolFeature, IDuplexPipe
    {
        public Http2Connection(PipeWriter output)
        {
            Output = output;
            Features.Set<ITlsApplicationProtocolFeature>(this);
            Transport = this;
        }

        public ReadOnlyMemory<byte> ApplicationProtocol => SslApplicationProtocol.Http2.Protocol;

        public PipeReader Input { get; } = PipeReader.Create(Stream.Null);

        public PipeWriter Output { get; }
    }

    /// <summary>Accepts the first bytes and then fails.</summary>
    private sealed class FailingWriter : FirstFlushWriter
    {
        protected override ValueTask<FlushResult> NextFlush() => throw new NotSupportedException("another write is in flight");
    }

    /// <summary>Accepts the first bytes, and further bytes only after a read.</summary>
    private sealed class StuckWriter : FirstFlushWriter
    {
        public TaskCompletionSource<FlushResult> Reads { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override ValueTask<FlushResult> NextFlush() => new(Reads.Task);
    }

    private abstract class FirstFlushWriter : PipeWriter
    {
        private int _flushes;

        public int Written { get; private set; }

        public override void Advance(int bytes) => Written += bytes;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => ++_flushes == 1 ? default : NextFlush();

        public override Memory<byte> GetMemory(int sizeHint = 0) => new byte[Math.Max(64, sizeHint)];

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        protected abstract ValueTask<FlushResult> NextFlush();
    }
}
