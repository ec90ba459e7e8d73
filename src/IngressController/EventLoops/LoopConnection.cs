using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.EventLoops;

/// <summary>A connection of a client on a loop. Its requests are served on the thread of the loop, as far as they wait for nothing else.</summary>
internal sealed class LoopConnection : ConnectionContext, ILoopEvents, IDuplexPipe,
    IConnectionIdFeature, IConnectionTransportFeature, IConnectionItemsFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature, IConnectionSocketFeature, IMemoryPoolFeature
{
    /// <summary>The bytes that a client may have sent in vain without a reset.</summary>
    private const int MaxLeftover = 64 << 10;

    private readonly CancellationTokenSource _closedSource = new();
    private readonly TaskCompletionSource _reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LoopSocket _socket;
    private readonly LoopReader _reader;
    private readonly LoopWriter _writer;
    private int _isClosed;

    private LoopConnection(Socket socket, EventLoop loop, MemoryPool<byte> pool)
    {
        MemoryPool = pool;
        _socket = new LoopSocket(socket, loop, this);
        _reader = new LoopReader(pool, FireClosed) { Socket = _socket };
        _writer = new LoopWriter(pool, OnOutputEnded) { Socket = _socket };
        Transport = this;
        ConnectionClosed = _closedSource.Token;
        ConnectionId = CorrelationId.Next();
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        Features = new FeatureCollection(8);
        Features.Set<IConnectionIdFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set<IConnectionItemsFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionEndPointFeature>(this);
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
    }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items { get => field ??= new Dictionary<object, object?>(); set; }

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public MemoryPool<byte> MemoryPool { get; }

    Socket IConnectionSocketFeature.Socket => _socket.Socket;

    PipeReader IDuplexPipe.Input => _reader;

    PipeWriter IDuplexPipe.Output => _writer;

    /// <summary>Begins to read and write.</summary>
    public static LoopConnection Open(Socket socket, EventLoop loop, MemoryPool<byte> pool)
    {
        var connection = new LoopConnection(socket, loop, pool);
        try
        {
            connection._socket.Open();
            return connection;
        }
        catch
        {
            connection.Abort();
            throw;
        }
    }

    void ILoopEvents.OnReadable() => _reader.OnReadable();

    void ILoopEvents.OnWritable() => _writer.OnWritable();

    void ILoopEvents.OnHangup() => _reader.ReceiveUnasked();

    public override void Abort() => Abort(new ConnectionAbortedException());

    /// <summary>Closes the connection at once, with a reset.</summary>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        Close(isReset: true);
        _reader.Fail(abortReason);
        _writer.Fail();
    }

    public override async ValueTask DisposeAsync()
    {
        await _reader.CompleteAsync();
        await _writer.CompleteAsync();
        await Task.WhenAll(_closed.Task, _reported.Task);
        _closedSource.Dispose();
        await base.DisposeAsync();
    }

    private void OnOutputEnded(SocketError error)
    {
        // Its lock is held, and the reader has another.
        ThreadPool.UnsafeQueueUserWorkItem(
            static ending =>
            {
                var (connection, isReset) = ending;
                connection.Close(isReset);
                connection._reader.Fail(new ConnectionAbortedException(isReset ? "the connection is lost" : "everything is sent"));
            },
            (this, error != SocketError.Success),
            preferLocal: false);
    }

    private void Close(bool isReset)
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 1)
            return;
        try
        {
            if (isReset)
                _socket.Socket.LingerState = new LingerOption(true, 0);
            // A socket that is closed with bytes unread resets the connection, and the client loses what it has not read. One that has sent much
            // waits for room to send more, and only a reset tells it that there will be none. So nothing reads between this and the close.
            else if (_socket.Socket.Available <= MaxLeftover)
                _reader.ReceiveUnasked();
        }
        catch (SocketException)
        {
            // The peer has closed it.
        }

        _socket.Close();
        _closed.SetResult();
    }

    private void FireClosed() => ThreadPool.UnsafeQueueUserWorkItem(
        static connection =>
        {
            connection._closedSource.Cancel();
            connection._reported.SetResult();
        },
        this,
        preferLocal: false);
}
