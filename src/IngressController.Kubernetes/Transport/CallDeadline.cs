namespace IngressController.Kubernetes.Transport;

/// <summary>
/// Bounds a call as a whole, including its body. The package reads a body synchronously and without the token, so that a server that stalls
/// there would block the thread forever; the body is therefore buffered before the package reads it.
/// </summary>
internal sealed class CallDeadline(TimeSpan duration, TimeProvider time) : DelegatingHandler
{
    /// <summary>Maximum size of a body in bytes; objects in etcd have a few megabytes at most.</summary>
    private const int MaxBody = 16 << 20;

    /// <exception cref="TimeoutException">The deadline has passed; a write may have been carried out.</exception>
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
                // Ends the stream or connection, on which the rest of the body would still arrive.
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
