namespace IngressController.Kubernetes.Transport;

/// <summary>
/// Bounds a call as a whole, its body included. The package reads a body synchronously and without the token, so that a server which stalls
/// there would hold the thread for ever: the body is complete before the package sees it.
/// </summary>
internal sealed class CallDeadline(TimeSpan duration, TimeProvider time) : DelegatingHandler
{
    /// <summary>etcd holds objects of some megabytes at most.</summary>
    private const int MaxBody = 16 << 20;

    /// <exception cref="TimeoutException">The time has passed; what was to be written may have been written.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(duration, time, cancellationToken);
        try
        {
            var response = await base.SendAsync(request, deadline.Token).ConfigureAwait(false);
            try
            {
                await response.Content.LoadIntoBufferAsync(MaxBody, deadline.Token).ConfigureAwait(false);
                return response;
            }
            catch
            {
                // Ends the stream or the connection that the rest would go on arriving on.
                response.Dispose();
                throw;
            }
        }
        catch (OperationCanceledException error) when (deadline.HasPassed)
        {
            throw new TimeoutException(
                $"{request.Method} {request.RequestUri?.PathAndQuery}: no answer within {duration.TotalSeconds:0.#} s", error);
        }
    }
}
