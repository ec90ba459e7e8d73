using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace IngressController.Http;

/// <summary>The bytes to and from a client below TLS: a feature of its connection.</summary>
internal sealed class ClientTransport(ConnectionContext connection, IDuplexPipe pipe)
{
    /// <summary>Connection middleware before that of TLS.</summary>
    public static ConnectionDelegate Capture(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(new ClientTransport(connection, connection.Transport));
        return next(connection);
    };

    /// <summary>
    /// Sends everything that was written, and then closes the connection without a reset. Kestrel ends a connection within a response by a
    /// reset only, which discards what it has not sent yet, and lets some clients discard what they have received.
    /// </summary>
    /// <param name="timeout">The time for a client to take the bytes.</param>
    /// <param name="time">The clock.</param>
    public async Task EndAsync(TimeSpan timeout, TimeProvider time)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = connection.ConnectionClosed.UnsafeRegister(static source => ((TaskCompletionSource)source!).TrySetResult(), closed);
        await pipe.Output.CompleteAsync();
        await Task.WhenAny(closed.Task, Task.Delay(timeout, time));
    }
}
