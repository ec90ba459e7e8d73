using System.Net;
using IngressController.Http;

namespace IngressController.Upstream;

/// <summary>
/// The body of a request over HTTP/2. If sending it ends early, the reason decides what that means: only the HTTP client knows whether the
/// endpoint has responded, or has not processed the request, and it would report the failure of the body if that came first.
/// </summary>
/// <param name="body">The body as YARP reads it.</param>
/// <param name="client">The body as it comes from the client; null if it does not come from one.</param>
internal sealed class Http2UploadContent(HttpContent body, ReplayableBody? client) : UploadContent(body)
{
    private readonly TaskCompletionSource<bool> _reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _failing = new();
    private volatile bool _isStopped;

    /// <summary>The HTTP client has reported the head of the response, or a failure.</summary>
    public void Report(bool hasResponse) => _reported.TrySetResult(hasResponse);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.UnsafeRegister(static content => _ = ((Http2UploadContent)content!).TryStopAsync(), this);
        var upload = new Upload(stream, this, cancellationToken);
        await Body.CopyToAsync(upload, context, _failing.Token);
        // YARP throws nothing if writing fails.
        if (upload.HasFailed || cancellationToken.IsCancellationRequested)
            await TryStopAsync();
        // The HTTP client must not end the request as if it were complete.
        if (_isStopped)
            throw new OperationCanceledException("the endpoint has responded before it read the whole body", cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _failing.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Ends the upload: as at its end if the endpoint has responded, and as a failure otherwise.</summary>
    /// <returns>True if the endpoint has responded.</returns>
    private async Task<bool> TryStopAsync()
    {
        if (client is not null && await _reported.Task)
        {
            _isStopped = true;
            client.Stop();
            return true;
        }

        await _failing.CancelAsync();
        return false;
    }

    private sealed class Upload(Stream stream, Http2UploadContent content, CancellationToken ending) : WriteOnlyStream
    {
        public bool HasFailed { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (content._isStopped)
                return;
            try
            {
                await stream.WriteAsync(buffer, ending);
                await stream.FlushAsync(ending);
            }
            catch
            {
                if (!await IsStoppedAsync())
                    throw;
            }
        }

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            if (content._isStopped)
                return;
            try
            {
                await stream.FlushAsync(ending);
            }
            catch
            {
                if (!await IsStoppedAsync())
                    throw;
            }
        }

        private Task<bool> IsStoppedAsync()
        {
            HasFailed = true;
            return content.TryStopAsync();
        }
    }
}
