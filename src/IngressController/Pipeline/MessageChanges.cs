using IngressController.Http;

namespace IngressController.Pipeline;

/// <summary>Changes the request to the backend, after the forwarding headers are set.</summary>
internal abstract class RequestChange
{
    public abstract void Apply(ProxyRequest request, BackendHeaders headers);
}

/// <summary>Changes the head of a response or local reply before it is sent, after the backend's headers are copied.</summary>
internal abstract class ResponseChange
{
    /// <param name="request">The request of the response.</param>
    /// <param name="isLocal">True for a local reply, false for a backend's response.</param>
    public abstract void Apply(ProxyRequest request, bool isLocal);

    /// <summary>True if <see cref="Apply"/> can set <see cref="ProxyRequest.Encoding"/>.</summary>
    public virtual bool EncodesBody => false;

    /// <summary>True if <see cref="ChangeBody"/> changes bodies.</summary>
    public virtual bool ChangesBody => false;

    /// <summary>Returns the body to send instead of the backend's. Not called for upgraded connections and local replies.</summary>
    public virtual HttpContent ChangeBody(HttpContent body) => body;
}

/// <summary>Transforms the requests and responses of a route, after headers are copied and forwarding headers are set.</summary>
internal abstract class MessageTransforms
{
    public abstract bool CopiesResponseHeaders { get; }

    public abstract bool CopiesResponseTrailers { get; }

    /// <summary>True if the header of the client is forwarded.</summary>
    public abstract bool Passes(string header);

    /// <param name="request">The request.</param>
    /// <param name="message">The message for the backend, complete.</param>
    /// <param name="destination">Scheme and authority of its URI.</param>
    /// <param name="cancellation">Canceled when the request ends.</param>
    public abstract ValueTask ApplyAsync(ProxyRequest request, HttpRequestMessage message, string destination, CancellationToken cancellation);

    /// <summary>Runs after the backend's headers are copied.</summary>
    public abstract ValueTask ApplyAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellation);

    /// <summary>Runs after the backend's trailers are copied, if the client can receive trailers.</summary>
    public abstract ValueTask ApplyToTrailersAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellation);
}
