using IngressController.Http;
using IngressController.Routing.Table;
using IngressController.Routing.Values;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Pipeline;

/// <summary>
/// One request on its way through the proxy: the revision that serves it, its path, and its route once that is found. A feature of the
/// HTTP context, so that code that gets only the context finds it.
/// </summary>
internal sealed class ProxyRequest
{
    private string? _path;
    private string? _pathForBackend;

    private ProxyRequest(HttpContext context, Revision revision)
    {
        Context = context;
        Revision = revision;
        Target = RequestTarget.Of(context);
    }

    public HttpContext Context { get; }

    /// <summary>The configuration that was live when the request began; it serves the request to its end.</summary>
    public Revision Revision { get; }

    public RequestTarget Target { get; }

    /// <summary>The route; null until one is found.</summary>
    public ProxyRoute? MatchedRoute { get; set; }

    /// <summary>The route, for code that runs only after it is found.</summary>
    public ProxyRoute Route => MatchedRoute ?? throw new InvalidOperationException("the request has no route");

    /// <summary>The normalized path, which every rule and policy compares.</summary>
    public ReadOnlySpan<char> Path => _path ?? Target.Path;

    /// <summary>The path that replaces the request's towards the backend; null when it is not rewritten.</summary>
    public RewrittenPath? Rewritten { get; set; }

    /// <summary>Begins a request.</summary>
    public static ProxyRequest Begin(HttpContext context, Revision revision)
    {
        var request = new ProxyRequest(context, revision);
        context.Features.Set(request);
        return request;
    }

    /// <summary>The request of a context that has passed <see cref="Begin"/>.</summary>
    public static ProxyRequest Of(HttpContext context) => context.Features.GetRequiredFeature<ProxyRequest>();

    /// <summary>Normalizes the path, once for the whole request.</summary>
    public PathProblem NormalizePath()
    {
        var received = Target.Path;
        var normalized = RequestPath.Normalize(received);
        _path = normalized.Match == received ? null : normalized.Match.ToString();
        _pathForBackend = normalized.Forward;
        return normalized.Problem;
    }

    /// <summary>The URI at the backend: path and query byte for byte as received, except for dot segments and rewrites.</summary>
    public string UriAt(string destination) => string.Concat(destination, Rewritten?.Path ?? _pathForBackend ?? Target.Path, Target.Query);
}
