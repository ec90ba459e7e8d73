using System.Diagnostics;
using System.Text.RegularExpressions;
using IngressController.Features.Authentication;
using IngressController.Features.Blocking;
using IngressController.Features.Bodies;
using IngressController.Features.Cors;
using IngressController.Features.Headers;
using IngressController.Features.IpAccess;
using IngressController.Features.RateLimiting;
using IngressController.Features.Redirects;
using IngressController.Features.Rewriting;
using IngressController.Features.Transforms;
using IngressController.Observability;
using IngressController.Shutdown;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Proxy;

/// <summary>
/// The order in which a request is treated: the one place of it. First what is done to every request, then the steps of its route, then
/// the backend. A route has only the steps that its policies ask for.
/// </summary>
internal sealed class RequestPipeline(RoutingState state, RequestMetrics metrics, RequestForwarder forwarder, OwnAnswers answers, Drain drain)
{
    /// <summary>
    /// The steps of a route in their order, which is that of ingress-nginx where both have them; each makes itself or, where the route
    /// does not ask for it, nothing.
    /// </summary>
    private static readonly Func<StepContext, RequestStep?>[] Steps =
    [
        // First: who is not to get in at all learns nothing of the route.
        BlockStep.Create,
        // Before all that answers: a body that is too large is not read, whatever would become of the request.
        BodyLimitStep.Create,
        // Before redirects, limits and authentication: browsers ask without credentials, and follow no redirect of the answer.
        CorsPreflight.Create,
        // Before all access control: whoever asks is only told where to go.
        RedirectStep.Create,
        // After redirects, which protect nothing; before anything that would let the request in.
        ClosedStep.Create,
        // The same for transforms that YARP does not take, which only the host can know.
        RouteTransforms.Guard,
        // Before the redirect to https, as in nginx, which sends the client to the path it asked for all the same.
        RewriteStep.Create,
        // Before limits and passwords: neither is spent on a request that comes again by https.
        TlsRedirectStep.Create,
        // Before limits and passwords as well.
        EndpointsStep.Create,
        // Before access control, as in nginx: guessing passwords is limited as well.
        RateLimitStep.Create,
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
        UpstreamHostChange.Create,
        ForwardedPrefixChange.Create,
        // After what other features put in, so that the Ingress can take it away.
        RequestHeadersChange.Create,
        // Last: nothing else that is set may pass for what the service vouches for.
        AuthHeadersChange.Create,
    ];

    /// <summary>What is changed in the heads of responses, in this order.</summary>
    private static readonly Func<StepContext, ResponseChange?>[] ResponseChanges =
    [
        // First what mends the backend's own headers, so that nothing of ours is rewritten.
        CookieRewrite.Create,
        RedirectRewrite.Create,
        // After the backend's own cookies are there.
        AuthCookiesChange.Create,
        CorsHeaders.Create,
        ResponseHeadersChange.CreateCustom,
        // Last, as the most particular wish: it sees what all others have made.
        ResponseHeadersChange.Create,
        ResponsePacing.Create,
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
    public static RoutePlan PlanOf(StepContext context) =>
        new(Make(Steps, context), Make(RequestChanges, context), Make(ResponseChanges, context)) { Transforms = RouteTransforms.Create(context) };

    private static T[] Make<T>(Func<StepContext, T?>[] makers, StepContext context)
        where T : class => [.. makers.Select(make => make(context)).OfType<T>()];

    private async Task IdentifyAndCountAsync(HttpContext context, RequestDelegate next)
    {
        var start = Stopwatch.GetTimestamp();
        Identify(context);
        try
        {
            await next(context);
        }
        finally
        {
            var counters = (context.GetEndpoint() as ProxyRoute)?.Counters ?? metrics.Unmatched;
            counters.RequestEnded(context.Response.StatusCode, start);
            if (drain.IsOver)
                drain.RequestCut();
        }
    }

    /// <summary>Before all else, so that everything after it sees the client and not the proxy in front of this one.</summary>
    private void Identify(HttpContext context) => context.TraceIdentifier = state.Forwarding?.Identify(context) ?? RequestId.New();

    private Task RouteAsync(HttpContext context, RequestDelegate next) =>
        Route(context) is { } refusal ? answers.RefuseAsync(context, refusal) : next(context);

    /// <summary>Makes the route of a request its endpoint, or says why it has none.</summary>
    private Refusal? Route(HttpContext context)
    {
        if (state.Hosts is not { } hosts)
            return Refusal.NoConfiguration;

        // What follows on this connection may be part of this request or the next one.
        if (RequestFraming.Problem(context.Request) is { } problem)
            return Refusal.BadRequest(problem) with { ClosesConnection = true };

        var path = RequestPath.Normalize(RequestTarget.Split(context, out var query));
        if (path.Problem != PathProblem.None)
            return Refusal.BadRequest(Explain(path.Problem));
        if (!RequestTarget.IsQuerySafe(query))
            return Refusal.BadRequest("the query holds a character that must be percent-encoded");

        // RFC 8441, 5: of all that can be tunnelled through HTTP/2, only WebSockets are.
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } tunnel && tunnel.Protocol != "websocket")
            return Refusal.TunnelUnknown;

        ProxyRoute? route;
        try
        {
            route = hosts.Find(context.Request.Headers.Host.ToString(), path.Match, context.Request);
        }
        catch (RegexMatchTimeoutException)
        {
            return Refusal.MatchTooLong;
        }

        if (route is null)
            return Refusal.NoRoute;

        context.SetEndpoint(route);
        return null;
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

    private Task ForwardAsync(HttpContext context, ProxyRoute route) => Unforwardable(context, route) is { } refusal
        ? answers.RefuseAsync(context, refusal)
        : forwarder.ForwardAsync(context, route, route.Cluster!);

    /// <summary>Why a request that has passed all steps is not sent on; null when it is.</summary>
    private static Refusal? Unforwardable(HttpContext context, ProxyRoute route) =>
        route.Cluster is not { } cluster ? Refusal.NoBackend
        : LoopGuard.IsLoop(context.Request.Headers) ? Refusal.Loop
        : cluster.Current.State.DestinationsState.AvailableDestinations.Count == 0 ? Refusal.NoEndpoint
        : null;

    /// <summary>
    /// What happens to a request, without doing it: the same decisions in the same order as above, for <c>explain</c>. Nothing is counted
    /// and no backend is asked. An answer of our own stands in the response afterwards.
    /// </summary>
    public async Task<Rehearsal> RehearseAsync(HttpContext context)
    {
        Identify(context);
        if (Route(context) is { } unroutable)
            return await RefuseAsync(null, [], unroutable);

        var route = (ProxyRoute)context.GetEndpoint()!;
        var steps = route.Plan.Steps.Select(step => new RehearsedStep(step, StepOutcome.NotReached)).ToArray();
        for (var i = 0; i < steps.Length; i++)
        {
            var goesOn = await steps[i].Step.RehearseAsync(context, route);
            steps[i] = steps[i] with { Outcome = goesOn ? StepOutcome.GoesOn : StepOutcome.Answers };
            if (!goesOn)
                return new Rehearsal(route, steps, null, IsForwarded: false);
        }

        return Unforwardable(context, route) is { } refusal
            ? await RefuseAsync(route, steps, refusal)
            : new Rehearsal(route, steps, null, IsForwarded: true);

        async Task<Rehearsal> RefuseAsync(ProxyRoute? route, RehearsedStep[] steps, Refusal refusal)
        {
            await answers.RefuseAsync(context, refusal);
            return new Rehearsal(route, steps, refusal, IsForwarded: false);
        }
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
