using System.Diagnostics;
using IngressController.Features.Authentication;
using IngressController.Features.IpAccess;
using IngressController.Observability;
using IngressController.Routing.Table;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Proxy;

/// <summary>
/// The order in which a request is treated: the one place of it. First what is done to every request, then the steps of its route, then
/// the backend. A route has only the steps that its policies ask for.
/// </summary>
internal sealed class RequestPipeline(RoutingState state, RequestMetrics metrics, RequestForwarder forwarder, OwnAnswers answers)
{
    /// <summary>
    /// The steps of a route in their order, which is that of ingress-nginx where both have them; each makes itself or, where the route
    /// does not ask for it, nothing.
    /// </summary>
    private static readonly Func<StepContext, RequestStep?>[] Steps =
    [
        // After redirects, which protect nothing; before anything that would let the request in.
        ClosedStep.Create,
        // Who is kept out stays out, whatever else would let the request in.
        DenyListStep.Create,
        // With satisfy any one of the three below is enough, so they are one step, in the same order.
        SatisfyAnyStep.Create,
        // Costs nothing, so before passwords.
        context => AccessStep.Create(context, AllowListCheck.Create),
        // Before the service, which is told only of requests that could be let in.
        context => AccessStep.Create(context, BasicAuthCheck.Create),
        // Last: another service is asked.
        context => AccessStep.Create(context, ExternalAuthCheck.Create),
    ];

    /// <summary>What is changed in requests on their way to the backend, in this order.</summary>
    private static readonly Func<StepContext, RequestChange?>[] RequestChanges =
    [
        // Before the service's headers, of which Authorization may be one.
        CredentialsRemoval.Create,
        // Last: nothing else that is set may pass for what the service vouches for.
        AuthHeadersChange.Create,
    ];

    /// <summary>What is changed in the heads of responses, in this order.</summary>
    private static readonly Func<StepContext, ResponseChange?>[] ResponseChanges =
    [
        // After the backend's own cookies are there.
        AuthCookiesChange.Create,
    ];

    public void Configure(IApplicationBuilder app)
    {
        // First, so that everything after it, and every answer, carries the id and is counted.
        app.Use(IdentifyAndCountAsync);
        // Before routing: a path that two servers would read differently must not reach any rule.
        app.Use(RouteAsync);
        // Last: the route's own steps, then the backend's answer.
        app.Run(RunAsync);
    }

    /// <summary>The plan of a route.</summary>
    public static RoutePlan PlanOf(StepContext context)
    {
        if (context.Definition.Policies.All.Count == 0)
            return RoutePlan.Empty;
        var plan = new RoutePlan(Make(Steps, context), Make(RequestChanges, context), Make(ResponseChanges, context));
        return plan is { Steps: [], RequestChanges: [], ResponseChanges: [] } ? RoutePlan.Empty : plan;
    }

    private static T[] Make<T>(Func<StepContext, T?>[] makers, StepContext context)
        where T : class => [.. makers.Select(make => make(context)).OfType<T>()];

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
            return answers.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "Service Unavailable", "the proxy has no configuration yet");

        if (RequestFraming.Problem(context.Request) is { } problem)
        {
            // What follows on this connection may be part of this request or the next one.
            context.Response.Headers.Connection = "close";
            return answers.WriteAsync(context, StatusCodes.Status400BadRequest, "Bad Request", problem);
        }

        var path = RequestPath.Normalize(RequestTarget.Split(context, out var query));
        if (path.Problem != PathProblem.None)
            return answers.WriteAsync(context, StatusCodes.Status400BadRequest, "Bad Request", Explain(path.Problem));
        if (!RequestTarget.IsQuerySafe(query))
            return answers.WriteAsync(context, StatusCodes.Status400BadRequest, "Bad Request", "the query holds a character that must be percent-encoded");

        // RFC 8441, 5: of all that can be tunnelled through HTTP/2, only WebSockets are.
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } tunnel && tunnel.Protocol != "websocket")
            return answers.WriteAsync(context, StatusCodes.Status501NotImplemented, "Not Implemented", "only WebSockets can be tunnelled");

        if (hosts.Find(context.Request.Headers.Host.ToString(), path.Match) is not { } route)
            return answers.WriteAsync(context, StatusCodes.Status404NotFound, "Not Found", "no route matches this host and path");

        context.SetEndpoint(route);
        return next(context);
    }

    private Task RunAsync(HttpContext context)
    {
        var route = (ProxyRoute)context.GetEndpoint()!;
        // Steps seldom wait, and a route without any pays nothing: no state machine before the forwarder's own.
        var steps = route.Plan.Steps;
        for (var i = 0; i < steps.Length; i++)
        {
            var step = steps[i].InvokeAsync(context, route);
            if (!step.IsCompletedSuccessfully)
                return RunFromAsync(context, route, step, i + 1);
            if (!step.Result)
                return Task.CompletedTask;
        }

        return ForwardAsync(context, route);
    }

    private async Task RunFromAsync(HttpContext context, ProxyRoute route, ValueTask<bool> pending, int next)
    {
        var steps = route.Plan.Steps;
        var goesOn = await pending;
        for (var i = next; goesOn && i < steps.Length; i++)
            goesOn = await steps[i].InvokeAsync(context, route);
        if (goesOn)
            await ForwardAsync(context, route);
    }

    private Task ForwardAsync(HttpContext context, ProxyRoute route)
    {
        return route.Cluster is { } cluster
            ? forwarder.ForwardAsync(context, route, cluster)
            : answers.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "Service Unavailable", "this route has no usable backend");
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
