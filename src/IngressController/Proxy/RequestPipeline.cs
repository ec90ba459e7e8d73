using System.Diagnostics;
using System.Text.RegularExpressions;
using IngressController.Configuration;
using IngressController.Exchanges;
using IngressController.Forwarding;
using IngressController.Http;
using IngressController.Http2;
using IngressController.Overload;
using IngressController.Pipeline;
using IngressController.Shutdown;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Proxy;

/// <summary>Serves requests: finds the route, runs its steps (<see cref="PipelineOrder"/>), and forwards the request.</summary>
internal sealed class RequestPipeline(
    LiveRevision live, RequestMetrics metrics, RequestForwarder forwarder, LocalReplies replies, MalformedRequests malformed, Drain drain,
    ClientConnections connections, RequestBudget budget, ListenerOptions options)
{
    /// <summary>The seconds after which a client can repeat a request that was over the budget: stalled exchanges have ended by then.</summary>
    private const string RetryAfterOverload = "5";

    /// <summary>Serves and counts one request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var start = Stopwatch.GetTimestamp();
        var request = Begin(context);
        using var exchange = request.Exchange = connections.Begin(context);
        using var admission = budget.Enter(context, exchange.Connection);
        try
        {
            // Refused before it began: the stream is reset.
            if (exchange.EndReason == EndReason.Malformed)
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
            else
                await (admission.IsAdmitted ? ServeAsync(request) : RefuseOverloadedAsync(request, admission));
            if (request.Body is { Problem: not RequestProblem.None and var problem })
                await malformed.RefuseAsync(request, problem);
        }
        finally
        {
            request.EndAttempt();
            (request.Counters ?? metrics.Unmatched).RequestEnded(context.Response.StatusCode, start);
            if (drain.IsOver)
                drain.CountAborted();
            HostEncoding.Forget(context.Request.Headers);
        }

        await exchange.SendEndAsync();
    }

    /// <summary>
    /// Runs the same decisions in the same order without forwarding, for <c>explain</c>. Nothing is counted and no backend is called. A
    /// local reply is written to the response.
    /// </summary>
    public async Task<DryRun> DryRunAsync(HttpContext context)
    {
        var request = Begin(context);
        if (FindRoute(request) is { } unroutable)
            return await RefuseAsync([], unroutable);

        var steps = request.Route.Plan.Steps.Select(step => new DryRunStep(step, StepOutcome.NotReached)).ToArray();
        for (var i = 0; i < steps.Length; i++)
        {
            var continues = await steps[i].Step.DryRunAsync(request);
            steps[i] = steps[i] with { Outcome = continues ? StepOutcome.Continues : StepOutcome.Replies };
            if (!continues)
                return new DryRun(request, steps, null, IsForwarded: false);
        }

        return Unforwardable(request) is { } refusal
            ? await RefuseAsync(steps, refusal)
            : new DryRun(request, steps, null, IsForwarded: true);

        async Task<DryRun> RefuseAsync(DryRunStep[] steps, Refusal refusal)
        {
            await replies.RefuseAsync(request, refusal);
            return new DryRun(request, steps, refusal, IsForwarded: false);
        }
    }

    /// <summary>Reads the live revision and restores the client behind trusted proxies, for everything that follows.</summary>
    private ProxyRequest Begin(HttpContext context)
    {
        RequestTarget.RestoreOrigin(context);
        var request = ProxyRequest.Begin(context, live.Current);
        context.TraceIdentifier = request.Revision.Forwarding?.Identify(context) ?? RequestId.New();
        return request;
    }

    /// <summary>Refuses a request over the budget. A health check is answered: the replica serves as much as it can.</summary>
    private Task RefuseOverloadedAsync(ProxyRequest request, RequestBudget.Admission admission)
    {
        if (options.HealthPath is not null && FindRoute(request) == Refusal.Healthy)
            return replies.RefuseAsync(request, Refusal.Healthy);
        request.Context.Response.Headers.RetryAfter = RetryAfterOverload;
        // A body would wait for a client of HTTP/2 that does not open its window, without a limit of time if stalls have none.
        var canWait = !HttpProtocol.IsHttp2(request.Context.Request.Protocol) || (admission.HasRoomForReason && request.Exchange!.Connection.KnowsEnds);
        return canWait ? replies.RefuseAsync(request, Refusal.Overloaded) : replies.WriteEmptyAsync(request, Refusal.Overloaded.Status);
    }

    private Task ServeAsync(ProxyRequest request)
    {
        if (MalformedRequest.ProblemOf(request.Context.Request) is not RequestProblem.None and var problem)
            return malformed.RefuseAsync(request, problem);
        if (FindRoute(request) is { } refusal)
            return replies.RefuseAsync(request, refusal);
        // Steps rarely wait: without a pending step no state machine is allocated before that of the forwarder.
        var steps = request.Route.Plan.Steps;
        for (var i = 0; i < steps.Length; i++)
        {
            var step = steps[i].InvokeAsync(request);
            if (!step.IsCompletedSuccessfully)
                return ServeFromAsync(request, step, i + 1);
            if (!step.Result)
                return Task.CompletedTask;
        }

        return ForwardAsync(request);
    }

    private async Task ServeFromAsync(ProxyRequest request, ValueTask<bool> pending, int next)
    {
        var steps = request.Route.Plan.Steps;
        var continues = await pending;
        for (var i = next; continues && i < steps.Length; i++)
            continues = await steps[i].InvokeAsync(request);
        if (continues)
            await ForwardAsync(request);
    }

    private Task ForwardAsync(ProxyRequest request) =>
        Unforwardable(request) is { } refusal ? replies.RefuseAsync(request, refusal) : forwarder.ForwardAsync(request, request.Cluster!);

    /// <summary>The refusal of a request that has passed all steps; null if it can be forwarded.</summary>
    private static Refusal? Unforwardable(ProxyRequest request) =>
        request.Cluster is not { } cluster ? Refusal.NoBackend
        : LoopGuard.IsLoop(request.Context.Request.Headers) ? Refusal.Loop
        : !cluster.HasEndpoints ? Refusal.NoEndpoint
        : null;

    /// <summary>Finds the route, or returns the refusal. An ambiguous path is never matched.</summary>
    private Refusal? FindRoute(ProxyRequest request)
    {
        var context = request.Context;
        if (request.Revision.IsInitial)
            return Refusal.NoConfiguration;

        // Later bytes of this connection can belong to this request or to the next one.
        if (RequestFraming.Problem(context.Request) is { } problem)
            return Refusal.BadRequest(problem) with { ClosesConnection = true };
        if (RequestHost.Problem(context.Request) is { } hostProblem)
            return Refusal.BadRequest(hostProblem) with { ClosesConnection = true };
        if (MethodProblem(context) is { } method)
            return method;
        // RFC 9110, 10.1.5: it has one value. The HTTP client would join two with a blank, to one that the client did not send.
        if (context.Request.Headers.UserAgent.Count > 1)
            return Refusal.BadRequest("the request has more than one User-Agent");
        if (request.NormalizePath() is not PathProblem.None and var pathProblem)
            return Refusal.BadRequest(Explain(pathProblem));
        if (!request.Target.HasSafeQuery)
            return Refusal.BadRequest("the query contains a character that must be percent-encoded");

        // RFC 8441, 5: HTTP/2 can tunnel other protocols too; only WebSockets are supported.
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } tunnel && tunnel.Protocol != "websocket")
            return Refusal.UnsupportedTunnel;

        try
        {
            var hosts = request.Revision.Hosts;
            request.MatchedHost = hosts.FindHost(context.Request.Headers.Host.ToString());
            // Probes of load balancers come with the address of a node as Host.
            if (options.HealthPath is { } health && request.Path.SequenceEqual(health) && !hosts.IsNamed(request.MatchedHost))
                return drain.HasBegun ? Refusal.ShuttingDown : Refusal.Healthy;
            request.MatchedRoute = (ProxyRoute?)hosts.Find(request.MatchedHost, request.Path, context.Request);
        }
        catch (RegexMatchTimeoutException)
        {
            return Refusal.MatchTimedOut;
        }

        return request.MatchedRoute is null ? Refusal.NoRoute : null;
    }

    private Refusal? MethodProblem(HttpContext context)
    {
        var method = context.Request.Method;
        if (HttpMethods.IsTrace(method) && !options.AllowTrace)
            return Refusal.Trace;
        // RFC 9110, 9.3.6: it names an authority and no path, except for the tunnels of RFC 8441. What follows it can be bytes for the tunnel.
        return HttpMethods.IsConnect(method) && context.Features.Get<IHttpExtendedConnectFeature>() is not { IsExtendedConnect: true }
            ? Refusal.BadRequest("CONNECT is not supported") with { ClosesConnection = true }
            : null;
    }

    private static string Explain(PathProblem problem) => problem switch
    {
        PathProblem.NotAbsolute => "the request target is not an absolute path",
        PathProblem.ForbiddenCharacter => "the path contains a character that must be percent-encoded",
        PathProblem.MalformedEscape => "the path contains a % without two hexadecimal digits",
        PathProblem.NullCharacter => "the path contains %00",
        PathProblem.Backslash => "the path contains a backslash",
        PathProblem.AboveRoot => "the path leads above the root",
        PathProblem.AmbiguousDotSegments => "the path contains ambiguous dot segments",
        _ => throw new ArgumentOutOfRangeException(nameof(problem), problem, "unknown problem"),
    };
}
