using System.Buffers;
using System.Net;
using System.Net.Sockets;
using IngressController.EventLoops;
using IngressController.Metrics;
using IngressController.Tests.Kubernetes;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace IngressController.Tests.EventLoops;

/// <summary>Connections on event loops, at their sockets: what a peer does with one never stops the others.</summary>
public sealed class EventLoopTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly ManualTimeProvider _time = new();
    private readonly EventLoopGroup _loops;
    private readonly LoopListenerFactory _factory;

    public EventLoopTests()
    {
        _loops = new EventLoopGroup(_time, NullLogger<EventLoopGroup>.Instance);
        _factory = new LoopListenerFactory(_loops, new Pools());
    }

    public void Dispose() => _loops.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4097)]
    [InlineData(3_000_000)]
    public async Task Bytes_pass_in_both_directions_whatever_their_number(int count)
    {
        await using var pair = await PairAsync();
        var sent = Bytes(count);
        var echo = EchoAsync(pair.Server);
        var received = ReadAsync(pair.Client, count);
        await pair.Client.WriteAsync(sent);
        Assert.Equal(sent, await received.WaitAsync(Patience));
        pair.Client.Socket.Shutdown(SocketShutdown.Send);
        await echo.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_flush_waits_for_a_client_that_does_not_read_and_ends_when_it_does()
    {
        await using var pair = await PairAsync();
        var sent = Bytes(20_000_000);
        var write = pair.Server.Transport.Output.WriteAsync(sent).AsTask();
        Assert.False(write.IsCompleted);
        Assert.Equal(sent, await ReadAsync(pair.Client, sent.Length).WaitAsync(Patience));
        Assert.False((await write.WaitAsync(Patience)).IsCompleted);
    }

    [Fact]
    public async Task A_cancelled_flush_goes_on_sending()
    {
        await using var pair = await PairAsync();
        var sent = Bytes(20_000_000);
        using var cancellation = new CancellationTokenSource();
        var write = pair.Server.Transport.Output.WriteAsync(sent, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WaitAsync(Patience));
        pair.Server.Transport.Output.Write("end"u8);
        Assert.Equal((byte[])[.. sent, (byte)'e', (byte)'n', (byte)'d'], await FlushAndReadAsync(pair, sent.Length + 3));
    }

    [Fact]
    public async Task What_was_written_is_sent_before_the_connection_closes()
    {
        await using var pair = await PairAsync();
        var sent = Bytes(5_000_000);
        pair.Server.Transport.Output.Write(sent);
        await pair.Server.Transport.Output.CompleteAsync();
        Assert.Equal(sent, await ReadAsync(pair.Client, sent.Length).WaitAsync(Patience));
        Assert.Equal(0, await pair.Client.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        await Closed(pair.Server).WaitAsync(Patience);
    }

    [Fact]
    public async Task An_abort_resets_the_connection_and_ends_what_waits()
    {
        await using var pair = await PairAsync();
        var read = pair.Server.Transport.Input.ReadAsync().AsTask();
        var write = pair.Server.Transport.Output.WriteAsync(Bytes(20_000_000)).AsTask();
        pair.Server.Abort(new ConnectionAbortedException("test"));
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => read.WaitAsync(Patience));
        Assert.True((await write.WaitAsync(Patience)).IsCompleted);
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (await pair.Client.ReadAsync(new byte[100_000]) > 0)
            {
            }
        });
        await Closed(pair.Server).WaitAsync(Patience);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_end_of_a_client_is_noticed_while_no_one_reads(bool isReset)
    {
        await using var pair = await PairAsync();
        await pair.Client.WriteAsync("before"u8.ToArray());
        // Both come before the end.
        Assert.Equal(6, (await pair.Server.Transport.Input.ReadAsync()).Buffer.Length);
        if (isReset)
            pair.Client.Socket.LingerState = new LingerOption(true, 0);
        pair.Client.Close();
        await Closed(pair.Server).WaitAsync(Patience);
        pair.Server.Transport.Input.AdvanceTo(default);
    }

    [Fact]
    public async Task Bytes_before_the_end_of_a_client_can_be_read_after_it()
    {
        await using var pair = await PairAsync();
        await pair.Client.WriteAsync("last"u8.ToArray());
        pair.Client.Close();
        await Closed(pair.Server).WaitAsync(Patience);
        pair.Server.Abort(new ConnectionAbortedException("as the server does at the end of a client"));
        var result = await pair.Server.Transport.Input.ReadAsync();
        Assert.Equal((4, true), (result.Buffer.Length, result.IsCompleted));
    }

    [Fact]
    public async Task A_read_waits_for_more_than_was_examined_and_can_be_cancelled()
    {
        await using var pair = await PairAsync();
        var input = pair.Server.Transport.Input;
        await pair.Client.WriteAsync("a"u8.ToArray());
        var result = await input.ReadAsync();
        input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        var read = input.ReadAsync().AsTask();
        Assert.False(read.IsCompleted);
        input.CancelPendingRead();
        result = await read.WaitAsync(Patience);
        Assert.Equal((true, 1), (result.IsCanceled, result.Buffer.Length));
        input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        read = input.ReadAsync().AsTask();
        await pair.Client.WriteAsync("b"u8.ToArray());
        result = await read.WaitAsync(Patience);
        Assert.Equal("ab"u8.ToArray(), result.Buffer.ToArray());
        input.AdvanceTo(result.Buffer.End);
        using var cancellation = new CancellationTokenSource();
        read = input.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Patience));
        await pair.Client.WriteAsync("c"u8.ToArray());
        Assert.Equal("c"u8.ToArray(), (await input.ReadAsync()).Buffer.ToArray());
    }

    [Fact]
    public async Task A_handler_that_blocks_loses_its_loop()
    {
        var pairs = new List<Pair>();
        for (var i = 0; i < 4 * Environment.ProcessorCount; i++)
            pairs.Add(await PairAsync());
        using var release = new ManualResetEventSlim();
        var blocked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var block = BlockAsync(pairs[0].Server, blocked, release);
        await pairs[0].Client.WriteAsync("x"u8.ToArray());
        await blocked.Task.WaitAsync(Patience);
        // Seen busy twice with the same change.
        _loops.Check();
        _loops.Check();
        foreach (var pair in pairs.Skip(1))
        {
            var echo = EchoAsync(pair.Server);
            await pair.Client.WriteAsync("y"u8.ToArray());
            Assert.Equal("y"u8.ToArray(), await ReadAsync(pair.Client, 1).WaitAsync(Patience));
            pair.Client.Socket.Shutdown(SocketShutdown.Send);
            await echo.WaitAsync(Patience);
        }

        var metrics = new PrometheusText();
        _loops.Write(metrics);
        Assert.Contains("yarp_ingress_event_loop_replacements_total 1", metrics.ToString(), StringComparison.Ordinal);
        release.Set();
        await block.WaitAsync(Patience);
        foreach (var pair in pairs)
            await pair.DisposeAsync();
    }

    /// <summary>There is always something to receive, because what is done with it takes longer than sending it.</summary>
    [Fact]
    public async Task A_transfer_that_never_waits_does_not_hold_the_others()
    {
        await using var heavy = await PairAsync();
        using var end = new CancellationTokenSource();
        var sending = SendUntilAsync(heavy.Client, end.Token);
        var receiving = ReceiveSlowlyAsync(heavy.Server);
        for (var i = 0; i < 4 * Environment.ProcessorCount; i++)
        {
            await using var pair = await PairAsync();
            var echo = EchoAsync(pair.Server);
            await pair.Client.WriteAsync("y"u8.ToArray());
            Assert.Equal("y"u8.ToArray(), await ReadAsync(pair.Client, 1).WaitAsync(Patience));
            pair.Client.Socket.Shutdown(SocketShutdown.Send);
            await echo.WaitAsync(Patience);
        }

        Assert.False(receiving.IsCompleted);
        await end.CancelAsync();
        await sending.WaitAsync(Patience);
        await receiving.WaitAsync(Patience);
    }

    [Fact]
    public async Task Connections_to_endpoints_read_write_end_and_are_refused()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = (IPEndPoint)listener.LocalEndpoint;
        await using (var stream = await LoopStream.ConnectAsync(_loops.Next(), address, CancellationToken.None))
        {
            using var peer = await listener.AcceptSocketAsync();
            await using var server = new NetworkStream(peer, ownsSocket: false);
            var sent = Bytes(8_000_000);
            var write = stream.WriteAsync(sent).AsTask();
            Assert.False(write.IsCompleted);
            Assert.Equal(sent, await ReadAsync(server, sent.Length).WaitAsync(Patience));
            await write.WaitAsync(Patience);
            var read = ReadAsync(stream, sent.Length);
            await server.WriteAsync(sent);
            Assert.Equal(sent, await read.WaitAsync(Patience));
            // A read of no bytes waits until there is one.
            var wait = stream.ReadAsync(Memory<byte>.Empty).AsTask();
            Assert.False(wait.IsCompleted);
            await server.WriteAsync("x"u8.ToArray());
            Assert.Equal(0, await wait.WaitAsync(Patience));
            Assert.Equal("x"u8.ToArray(), await ReadAsync(stream, 1).WaitAsync(Patience));
            using var cancellation = new CancellationTokenSource();
            var cancelled = stream.ReadAsync(new byte[1], cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
            peer.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        }

        await using (var stream = await LoopStream.ConnectAsync(_loops.Next(), address, CancellationToken.None))
        {
            var read = stream.ReadAsync(new byte[1]).AsTask();
            await stream.DisposeAsync();
            await Assert.ThrowsAsync<IOException>(() => read.WaitAsync(Patience));
            await Assert.ThrowsAsync<IOException>(async () => Assert.Equal(1, await stream.ReadAsync(new byte[1])));
        }

        listener.Stop();
        var refused = await Assert.ThrowsAsync<SocketException>(async () => await LoopStream.ConnectAsync(_loops.Next(), address, CancellationToken.None));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    /// <summary>Half of them are reset at once, and their descriptors are used again.</summary>
    [Fact]
    public async Task Connections_that_are_reset_leave_nothing_to_those_that_follow()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = (IPEndPoint)listener.LocalEndpoint;
        var serving = Task.Run(async () =>
        {
            for (var i = 0; i < 2000; i++)
            {
                using var peer = await listener.AcceptSocketAsync();
                if (i % 2 == 0)
                    peer.LingerState = new LingerOption(true, 0);
                else
                    await peer.SendAsync(new byte[] { 1 }.AsMemory());
            }
        });
        var (failed, served) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            for (var i = 0; i < 100; i++)
            {
                try
                {
                    await using var stream = await LoopStream.ConnectAsync(_loops.Nearest, address, CancellationToken.None);
                    if (await stream.ReadAsync(new byte[1]) == 1)
                        Interlocked.Increment(ref served);
                }
                catch (Exception error) when (error is IOException or SocketException)
                {
                    Interlocked.Increment(ref failed);
                }
            }
        })).WaitAsync(Patience);
        await serving.WaitAsync(Patience);
        Assert.Equal((1000, 1000), (failed, served));
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * 31 / 7))];

    private static async Task EchoAsync(ConnectionContext connection)
    {
        var (input, output) = (connection.Transport.Input, connection.Transport.Output);
        while (true)
        {
            var result = await input.ReadAsync();
            foreach (var part in result.Buffer)
                await output.WriteAsync(part);
            input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }

    private static async Task SendUntilAsync(NetworkStream client, CancellationToken end)
    {
        var bytes = new byte[1 << 20];
        while (!end.IsCancellationRequested)
            await client.WriteAsync(bytes, CancellationToken.None);
        client.Socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task ReceiveSlowlyAsync(ConnectionContext connection)
    {
        while (true)
        {
            var result = await connection.Transport.Input.ReadAsync();
            connection.Transport.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
            Thread.SpinWait(2000);
        }
    }

    private static async Task BlockAsync(ConnectionContext connection, TaskCompletionSource blocked, ManualResetEventSlim release)
    {
        await connection.Transport.Input.ReadAsync();
        Assert.NotNull(EventLoop.Current);
        blocked.SetResult();
#pragma warning disable VSTHRD103 // A handler that blocks is what is tested.
        release.Wait();
#pragma warning restore VSTHRD103
    }

    private static async Task<byte[]> FlushAndReadAsync(Pair pair, int count)
    {
        var read = ReadAsync(pair.Client, count);
        await pair.Server.Transport.Output.FlushAsync();
        return await read.WaitAsync(Patience);
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
    }

    private static async Task Closed(ConnectionContext connection)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = connection.ConnectionClosed.Register(closed.SetResult);
        await closed.Task;
    }

    private async Task<Pair> PairAsync()
    {
        await using var listener = await _factory.BindAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var accept = listener.AcceptAsync();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint);
        return new Pair((await accept)!, new NetworkStream(client, ownsSocket: true));
    }

    private sealed record Pair(ConnectionContext Server, NetworkStream Client) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            Server.Abort(new ConnectionAbortedException("the test is over"));
            await Server.DisposeAsync();
        }
    }

    private sealed class Pools : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => MemoryPool<byte>.Shared;
    }
}
