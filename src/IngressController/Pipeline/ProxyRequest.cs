using IngressController.Exchanges;
using IngressController.Http;
using IngressController.Matching;
using IngressController.Routing.Expressions;
using IngressController.TrustedProxies;
using IngressController.Upstream;
using IngressController.Upstream.Balancing;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Model;

namespace IngressController.Pipeline;

/// <summary>
/// A request in the pipeline: the revision that serves it, its path, and its route once one is found. It is a feature of the HTTP context,
/// for code that receives only the context.
/// </summary>
internal sealed class ProxyRequest
{
    private string? _path;
    private string? _pathForBackend;
    private CountedAttempt? _attempt;

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

    /// <summary>The entry of the host table for the Host header; without paths until it is looked up.</summary>
    public HostMatch MatchedHost { get; set; }

    /// <summary>The route; null until one is found.</summary>
    public ProxyRoute? MatchedRoute { get; set; }

    /// <summary>The route, for code that runs after matching.</summary>
    public ProxyRoute Route => MatchedRoute ?? throw new InvalidOperationException("the request has no route");

    /// <summary>The cluster that gets the request: that of the route, unless a step has chosen another one. Null if it has none.</summary>
    public UpstreamCluster? Cluster { get => field ?? MatchedRoute?.Cluster; set; }

    /// <summary>The coding of the body of the response while it is written; null if the proxy adds none.</summary>
    public ResponseEncoding? Encoding { get; set; }

    /// <summary>The status of a backend's response that a page replaces; 0 if none is replaced.</summary>
    public int ReplacedStatus { get; set; }

    /// <summary>The backend that <see cref="BackendStep"/> chose; null if the request is left to the main backend or another step.</summary>
    public RouteBackend? Backend
    {
        get;
        set
        {
            field = value;
            Cluster = value?.Cluster;
        }
    }

    /// <summary>The counters of the backend that serves it; null until a route is found.</summary>
    public RequestCounters? Counters => Backend is { } chosen ? chosen.Counters : MatchedRoute?.Counters;

    /// <summary>
    /// The host that the client asked for: X-Forwarded-Host of a trusted proxy, else Host. Redirects to the same site name it. It decides
    /// nothing: routes, certificates and authentication go by Host.
    /// </summary>
    public string PublicHost => Received?.ForwardedHost ?? Context.Request.Headers.Host.ToString();

    /// <summary>The port that the client connected to: that of a trusted proxy, else that of <see cref="PublicHost"/>.</summary>
    public string PublicPort => Received?.ForwardedPort ?? HostHeader.PortOf(PublicHost, Context.Request.IsHttps);

    /// <summary>The connection of a trusted proxy; null for all other peers.</summary>
    public ReceivedConnection? Received => Revision.Forwarding is null ? null : Context.Features.Get<ReceivedConnection>();

    /// <summary>The normalized path, which rules and policies compare.</summary>
    public ReadOnlySpan<char> Path => _path ?? Target.Path;

    /// <summary>The match of the path's regular expression; empty unless a template of the route uses its groups.</summary>
    public ExpressionMatch Captures { get; set; }

    /// <summary>The encoded path for the backend; null if the path is not rewritten.</summary>
    public string? RewrittenPath { get; set; }

    /// <summary>The client of its API key; null if the route asks for none, or the key is not known.</summary>
    public string? ApiClient { get; set; }

    /// <summary>The rules for further attempts; null if they are the defaults.</summary>
    public RetryRules? Retries { get; set; }

    /// <summary>Decides on responses; null if all are passed on.</summary>
    public ResponseGate? Gate { get; set; }

    /// <summary>The time limits of its attempts; null if they are the defaults.</summary>
    public TimeLimits? Limits { get; set; }

    /// <summary>The choice of its endpoints; null to take them in turn.</summary>
    public EndpointChoice? Choice { get; set; }

    /// <summary>The endpoint of the current attempt; null before the first one.</summary>
    public DestinationState? Endpoint { get; private set; }

    /// <summary>The exchange that it begins; null in a dry run.</summary>
    public Exchange? Exchange { get; set; }

    /// <summary>The body while it is forwarded; null if there is none.</summary>
    public ReplayableBody? Body { get; private set; }

    /// <summary>True if the backend has cut the body of its response short. The proxy then ends the client's connection.</summary>
    public bool IsCutShort { get; set; }

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

    /// <summary>Chooses the endpoint of the first attempt; null if there is none.</summary>
    public DestinationState? ChooseEndpoint(UpstreamCluster cluster, UpstreamModel model)
    {
        var endpoint = Choice is { } choice ? choice.First(this, cluster, model) : cluster.Next(model);
        return endpoint is null ? null : BeginAttempt(endpoint);
    }

    /// <summary>Begins an attempt at an endpoint of the cluster, and returns it. The former attempt has failed.</summary>
    public DestinationState BeginAttempt(DestinationState endpoint)
    {
        EndAttempt();
        _attempt = Cluster!.Loads is { } loads ? CountedAttempt.Begin(loads, endpoint) : null;
        return Endpoint = endpoint;
    }

    /// <summary>Called when the head of a response has come.</summary>
    public void HeadCame() => _attempt?.HeadCame();

    /// <summary>Ends the last attempt.</summary>
    public void EndAttempt() => _attempt?.End(Context.RequestAborted.IsCancellationRequested);

    /// <summary>Makes the body replayable, after every step that wraps it. Null if there is no body.</summary>
    public ReplayableBody? HoldBody()
    {
        if (Context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return null;
        var trailers = HttpProtocol.IsHttp2(Context.Request.Protocol) ? Context.Features.Get<IHttpRequestTrailersFeature>() : null;
        var body = Exchange?.Measure(Context.Request.Body) ?? Context.Request.Body;
        Body = new ReplayableBody(body, Context.Request.ContentLength, trailers, Retries?.BufferSize ?? ReplayableBody.DefaultMaxKept);
        Context.Request.Body = Body;
        return Body;
    }

    /// <summary>The URI for the backend. Path and query are unchanged byte for byte, except for dot segments and rewrites.</summary>
    public string UriAt(string destination) => string.Concat(destination, TargetForBackend);

    /// <summary>Path and query for the backend.</summary>
    public string TargetForBackend => (RewrittenPath ?? _pathForBackend) is { } path ? string.Concat(path, Target.Query) : Target.PathAndQuery;
}
