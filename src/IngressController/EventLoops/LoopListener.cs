using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace IngressController.EventLoops;

/// <summary>Accepts connections of clients and gives each to a loop.</summary>
internal sealed class LoopListener(Socket socket, EventLoopGroup loops, IMemoryPoolFactory<byte> pools) : IConnectionListener
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly System.Buffers.MemoryPool<byte> _pool = pools.Create();

    public EndPoint EndPoint => socket.LocalEndPoint!;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var accepted = await socket.AcceptAsync(cancellationToken);
                accepted.NoDelay = true;
                accepted.Blocking = false;
                return LoopConnection.Open(accepted, loops.Next(), _pool);
            }
            catch (Exception closed) when (closed is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return null;
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
            {
                // The client has gone.
            }
            catch (Exception error) when (error is SocketException or IOException)
            {
                // Such as too many open files: others may close some.
                await Task.Delay(RetryDelay, cancellationToken);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        socket.Dispose();
        return default;
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        _pool.Dispose();
        return default;
    }
}

/// <summary>Makes Kestrel serve connections on event loops.</summary>
internal sealed class LoopListenerFactory(EventLoopGroup loops, IMemoryPoolFactory<byte> pools) : IConnectionListenerFactory
{
    private const int Backlog = 512;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.Listen(Backlog);
            return new(new LoopListener(socket, loops, pools));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(error.Message, error);
        }
    }
}
