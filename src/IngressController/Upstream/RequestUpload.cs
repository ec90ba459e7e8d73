using IngressController.Http;

namespace IngressController.Upstream;

/// <summary>
/// The sending of the body of one request over HTTP/1.1. The HTTP client reads the response after it has sent the whole body. The connection
/// reads it before, and stops the upload if no more of the body is wanted.
/// </summary>
/// <param name="body">The body as it comes from the client; null if it does not come from one.</param>
internal sealed class RequestUpload(ReplayableBody? body)
{
    /// <summary>The client's body, as an option of the request that carries it.</summary>
    public static readonly HttpRequestOptionsKey<ReplayableBody> Body = new("client body");

    [ThreadStatic]
    private static RequestUpload? _current;

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;

    private enum State
    {
        InProgress,
        Ended,
        Stopped,
    }

    /// <summary>
    /// The upload that writes, for the first synchronous part of the write: the HTTP client does not tell its connection what it sends.
    /// </summary>
    public static RequestUpload? Current => _current;

    public bool IsInProgress => Volatile.Read(ref _state) == (int)State.InProgress;

    /// <summary>True if the rest of the body is not sent.</summary>
    public bool IsStopped => Volatile.Read(ref _state) == (int)State.Stopped;

    /// <summary>Canceled when the upload is stopped, for a write that waits for the endpoint.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Completes when no more of the body is sent.</summary>
    public Task Over => _over.Task;

    /// <summary>Calls a stream of the HTTP client as this upload.</summary>
    public ValueTask WriteAsync(Stream stream, ReadOnlyMemory<byte> buffer)
    {
        _current = this;
        try
        {
            return stream.WriteAsync(buffer, CancellationToken.None);
        }
        finally
        {
            _current = null;
        }
    }

    /// <summary>Flushes a stream of the HTTP client as this upload.</summary>
    public Task FlushAsync(Stream stream)
    {
        _current = this;
        try
        {
            return stream.FlushAsync(CancellationToken.None);
        }
        finally
        {
            _current = null;
        }
    }

    /// <summary>The whole body was sent, or sending has failed.</summary>
    public void End()
    {
        if (Interlocked.CompareExchange(ref _state, (int)State.Ended, (int)State.InProgress) == (int)State.InProgress)
            _over.TrySetResult();
    }

    /// <summary>Decides that the rest is not sent. False if the upload is over. <see cref="Stop"/> follows.</summary>
    public bool TryMarkStopped() => Interlocked.CompareExchange(ref _state, (int)State.Stopped, (int)State.InProgress) == (int)State.InProgress;

    /// <summary>Ends the waits for the endpoint and for the client.</summary>
    public void Stop()
    {
        body?.Stop();
        _stopping.Cancel();
        _over.TrySetResult();
    }
}
