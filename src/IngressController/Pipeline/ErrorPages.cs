using IngressController.Upstream;

namespace IngressController.Pipeline;

/// <summary>The pages of a route that replace errors.</summary>
internal abstract class ErrorPages
{
    /// <summary>The backend that serves requests while that of the route has no endpoint; null if there is none.</summary>
    public abstract UpstreamCluster? DefaultBackend { get; }

    /// <summary>True if a local reply with a status is replaced.</summary>
    public abstract bool ReplacesReply(ProxyRequest request, int status);

    /// <summary>True if a backend's response with a status is replaced.</summary>
    public abstract bool ReplacesResponse(ProxyRequest request, int status);

    /// <summary>Writes the page of a status.</summary>
    /// <param name="request">The request. What is in the head of its response remains, unless the page has it too.</param>
    /// <param name="status">The status.</param>
    /// <param name="keepsStatus">True if the page does not change the status.</param>
    /// <returns>False if there is no page; then nothing has been written.</returns>
    public abstract Task<bool> TryWriteAsync(ProxyRequest request, int status, bool keepsStatus);
}
