using System.Diagnostics;
using IngressController.Observability;
using IngressController.Routing.Table;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Proxy;

/// <summary>The order in which a request is treated: the one list of it.</summary>
internal sealed class RequestPipeline(RoutingState state, RequestMetrics metrics, RequestForwarder forwarder, ErrorResponse errors)
{
    public void Configure(IApplicationBuilder app)
    {
        // First, so that everything after it, and every answer, carries the id and is counted.
        app.Use(IdentifyAndCountAsync);
        // Before routing: a path that two servers would read differently must not reach any rule.
        app.Use(RouteAsync);
        // Last: the backend's answer.
        app.Run(ForwardAsync);
    }

    private async Task IdentifyAndCountAsync(HttpContext context, RequestDelegate next)
    {
        var start = Stopwatch.GetTimestamp();
        context.TraceIdentifier = RequestId.New();
        try
        {
            await next(context);
        }
        finally
        {
            var counters = (context.GetEndpoint() as ProxyRoute)?.Counters ?? metrics.Unmatched;
            counters.RequestEnded(context.Response.StatusCode, start);
        }
    }

    private Task RouteAsync(HttpContext context, RequestDelegate next)
    {
        if (state.Hosts is not { } hosts)
            return errors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "Service Unavailable", "the proxy has no configuration yet");

        if (RequestFraming.Problem(context.Request) is { } problem)
        {
            // What follows on this connection may be part of this request or the next one.
            context.Response.Headers.Connection = "close";
            return errors.WriteAsync(context, StatusCodes.Status400BadRequest, "Bad Request", problem);
        }

        var path = RequestPath.Normalize(RequestTarget.Split(context, out var query));
        if (path.Problem != PathProblem.None)
            return errors.WriteAsync(context, StatusCodes.Status400BadRequest, "Bad Request", Explain(path.Problem));
        if (!RequestTarget.IsQuerySafe(query))
            return errors.WriteAsync(context, StatusCodes.Status400BadRequest, "Bad Request", "the query holds a character that must be percent-encoded");

        // RFC 8441, 5: of all that can be tunnelled through HTTP/2, only WebSockets are.
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } tunnel && tunnel.Protocol != "websocket")
            return errors.WriteAsync(context, StatusCodes.Status501NotImplemented, "Not Implemented", "only WebSockets can be tunnelled");

        if (hosts.Find(context.Request.Headers.Host.ToString(), path.Match) is not { } route)
            return errors.WriteAsync(context, StatusCodes.Status404NotFound, "Not Found", "no route matches this host and path");

        context.SetEndpoint(route);
        return next(context);
    }

    private Task ForwardAsync(HttpContext context)
    {
        var route = (ProxyRoute)context.GetEndpoint()!;
        return route.Cluster is { } cluster
            ? forwarder.ForwardAsync(context, route, cluster)
            : errors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "Service Unavailable", "this route has no usable backend");
    }

    private static string Explain(PathProblem problem) => problem switch
    {
        PathProblem.NotAbsolute => "the request target is no absolute path",
        PathProblem.ForbiddenCharacter => "the path holds a character that must be percent-encoded",
        PathProblem.MalformedEscape => "the path holds a % without two hexadecimal digits",
        PathProblem.NullCharacter => "the path holds %00",
        PathProblem.Backslash => "the path holds a backslash",
        PathProblem.AboveRoot => "the path leads above the root",
        PathProblem.AmbiguousDotSegments => "the path holds dot segments that can be read in two ways",
        _ => throw new ArgumentOutOfRangeException(nameof(problem), problem, "no problem to explain"),
    };
}

/// <summary>Ids of requests: 32 hexadecimal digits, as other proxies make them.</summary>
internal static class RequestId
{
    public static string New() => string.Create(32, 0, static (chars, _) =>
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        Convert.TryToHexStringLower(bytes, chars, out var _);
    });
}
