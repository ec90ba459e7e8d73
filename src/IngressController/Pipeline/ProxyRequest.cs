using IngressController.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Pipeline;

/// <summary>
/// A request in the pipeline: the revision that serves it, its path, and its route once one is found. It is a feature of the HTTP context,
/// for code that receives only the context.
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

    /// <summary>The revision that was live when the request began; it serves the whole request.</summary>
    public Revision Revision { get; }

    public RequestTarget Target { get; }

    /// <summary>The route; null until one is found.</summary>
    public ProxyRoute? MatchedRoute { get; set; }

    /// <summary>The route, for code that runs after matching.</summary>
    public ProxyRoute Route => MatchedRoute ?? throw new InvalidOperationException("the request has no route");

    /// <summary>The normalized path, which rules and policies compare.</summary>
    public ReadOnlySpan<char> Path => _path ?? Target.Path;

    /// <summary>The path for the backend; null if the path is not rewritten.</summary>
    public RewrittenPath? Rewritten { get; set; }

    /// <summary>Creates the request and adds it to the features of its context.</summary>
    public static ProxyRequest Begin(HttpContext context, Revision revision)
    {
        var request = new ProxyRequest(context, revision);
        context.Features.Set(request);
        return request;
    }

    /// <summary>The request that <see cref="Begin"/> added to a context.</summary>
    public static ProxyRequest Of(HttpContext context) => context.Features.GetRequiredFeature<ProxyRequest>();

    /// <summary>Normalizes the path. Called once per request.</summary>
    public PathProblem NormalizePath()
    {
        var received = Target.Path;
        var normalized = RequestPath.Normalize(received);
        _path = normalized.Match == received ? null : normalized.Match.ToString();
        _pathForBackend = normalized.Forward;
        return normalized.Problem;
    }

    /// <summary>The URI for the backend. Path and query are unchanged byte for byte, except for dot segments and rewrites.</summary>
    public string UriAt(string destination) => string.Concat(destination, Rewritten?.Path ?? _pathForBackend ?? Target.Path, Target.Query);
}
