namespace IngressController.Pipeline;

/// <summary>Changes the request that the backend gets. Runs after the forwarding headers are set.</summary>
internal abstract class RequestChange
{
    public abstract void Apply(ProxyRequest request, HttpRequestMessage message);
}

/// <summary>Changes the head of a response, the backend's or a local reply, just before it is sent. Runs after the backend's headers are copied.</summary>
internal abstract class ResponseChange
{
    /// <param name="request">The request of the response.</param>
    /// <param name="isLocal">True if the response is a local reply and not a backend's.</param>
    public abstract void Apply(ProxyRequest request, bool isLocal);

    /// <summary>Returns the body to send in place of a backend's. Not called for upgraded connections and local replies.</summary>
    public virtual HttpContent ChangeBody(HttpContent body) => body;
}

/// <summary>Transforms a route's messages after the proxy's own work on them: headers are copied and forwarding headers set by then.</summary>
internal abstract class MessageTransforms
{
    public abstract bool CopiesResponseHeaders { get; }

    public abstract bool CopiesResponseTrailers { get; }

    /// <summary>True if the client's header goes to the backend.</summary>
    public abstract bool Passes(string header);

    /// <param name="request">The request.</param>
    /// <param name="message">The message for the backend, complete.</param>
    /// <param name="destination">The beginning of its URI: scheme and authority.</param>
    /// <param name="cancellation">Ends with the request.</param>
    public abstract ValueTask ApplyAsync(ProxyRequest request, HttpRequestMessage message, string destination, CancellationToken cancellation);

    /// <summary>Runs after the backend's headers are copied.</summary>
    public abstract ValueTask ApplyAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellation);

    /// <summary>Runs after the backend's trailers are copied, where the client can get any.</summary>
    public abstract ValueTask ApplyToTrailersAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellation);
}
