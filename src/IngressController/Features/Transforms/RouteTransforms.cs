using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Transforms;
using IngressController.Routing.Table;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace IngressController.Features.Transforms;

/// <summary>transforms: runs YARP's transforms of a route.</summary>
internal sealed class RouteTransforms : MessageTransforms
{
    private static readonly UriCreationOptions AsBuilt = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly RequestTransform[] _request;
    private readonly ResponseTransform[] _response;
    private readonly ResponseTrailersTransform[] _trailers;
    private readonly IReadOnlySet<string>? _allowedRequestHeaders;
    private readonly bool _copiesRequestHeaders;
    private readonly bool _changesPath;
    private readonly bool _changesQuery;
    private readonly bool _readsParameters;

    private RouteTransforms(TransformBuilderContext builder, IReadOnlySet<string>? allowed, TransformsPolicy policy, string? problem)
    {
        Problem = problem;
        _allowedRequestHeaders = allowed;
        _copiesRequestHeaders = builder.CopyRequestHeaders ?? true;
        CopiesResponseHeaders = builder.CopyResponseHeaders ?? true;
        CopiesResponseTrailers = builder.CopyResponseTrailers ?? true;
        _request = [.. builder.RequestTransforms];
        _response = [.. builder.ResponseTransforms];
        _trailers = [.. builder.ResponseTrailersTransforms];
        var names = policy.Transforms.Select(transform => transform.Name).ToHashSet();
        _changesPath = names.Any(name => name.StartsWith("Path", StringComparison.Ordinal));
        _changesQuery = names.Any(name => name.StartsWith("Query", StringComparison.Ordinal));
        _readsParameters = names.Overlaps(["PathPattern", "QueryRouteParameter", "RequestHeaderRouteValue"]);
    }

    /// <summary>The reason why YARP rejects them; null if they are valid.</summary>
    public string? Problem { get; }

    public override bool CopiesResponseHeaders { get; }

    public override bool CopiesResponseTrailers { get; }

    public static RouteTransforms Of(TransformBuilderContext builder, IReadOnlySet<string>? allowed, TransformsPolicy policy) =>
        new(builder, allowed, policy, null);

    public static RouteTransforms Invalid(string problem) => new(new TransformBuilderContext(), null, new TransformsPolicy([]), problem);

    /// <summary>The transforms of a route; null if it has none.</summary>
    public static RouteTransforms? Create(PlanContext context) =>
        context.Policy<TransformsPolicy>() is { } policy ? TransformCompiler.Compile(policy) : null;

    /// <summary>Makes a route fail closed if YARP rejects its transforms.</summary>
    public static RequestStep? Guard(PlanContext context) =>
        Create(context)?.Problem is { } problem ? new ClosedStep(new ClosedPolicy(problem), context.Replies) : null;

    /// <summary>
    /// True if a header of the client is forwarded. Headers that frame the body or detect loops always are, and Host too, because the
    /// backend would otherwise receive its own address.
    /// </summary>
    public override bool Passes(string header) => _allowedRequestHeaders is { } allowed
        ? allowed.Contains(header) || IsNeeded(header)
        : _copiesRequestHeaders || IsNeeded(header);

    private static bool IsNeeded(string name) =>
        name.Equals(HeaderNames.Host, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase)
        || name.Equals(LoopGuard.Header, StringComparison.OrdinalIgnoreCase);

    public override async ValueTask ApplyAsync(ProxyRequest request, HttpRequestMessage message, string destination, CancellationToken cancellation)
    {
        var context = request.Context;
        var target = message.RequestUri!.OriginalString[destination.Length..];
        var mark = target.IndexOf('?');
        var path = _changesPath ? EncodedPath.OfRequest(mark < 0 ? target : target.AsSpan(0, mark)) : "/";
        if (_readsParameters)
            context.Request.RouteValues[TransformsFeature.CatchAll] = EncodedPath.Remainder(request.Target.Path, request.Route.Definition.Match);

        var transform = new RequestTransformContext
        {
            HttpContext = context,
            ProxyRequest = message,
            DestinationPrefix = destination,
            // Otherwise an append could restore headers that were not copied.
            HeadersCopied = true,
            Path = new PathString(path),
            Query = new QueryTransformContext(context.Request),
            CancellationToken = cancellation,
        };
        foreach (var step in _request)
            await step.ApplyAsync(transform);

        if (!_changesPath && !_changesQuery)
            return;
        var isSamePath = !_changesPath || transform.Path.Value == path;
        var changedPath = !isSamePath ? EncodedPath.OfResult(transform.Path.Value ?? "") : mark < 0 ? target : target[..mark];
        var query = _changesQuery ? transform.Query.QueryString.Value : mark < 0 ? "" : target[mark..];
        message.RequestUri = new Uri($"{destination}{(changedPath.StartsWith('/') ? "" : "/")}{changedPath}{query}", AsBuilt);
    }

    public override async ValueTask ApplyAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellation)
    {
        var transform = new ResponseTransformContext
        {
            HttpContext = context,
            ProxyResponse = response,
            HeadersCopied = CopiesResponseHeaders,
            CancellationToken = cancellation,
        };
        foreach (var step in _response)
            await step.ApplyAsync(transform);
    }

    public override async ValueTask ApplyToTrailersAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellation)
    {
        if (_trailers.Length == 0 || context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is null or { IsReadOnly: true })
            return;
        var transform = new ResponseTrailersTransformContext
        {
            HttpContext = context,
            ProxyResponse = response,
            HeadersCopied = CopiesResponseTrailers,
            CancellationToken = cancellation,
        };
        foreach (var step in _trailers)
            await step.ApplyAsync(transform);
    }
}
