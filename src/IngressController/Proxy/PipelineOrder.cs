using IngressController.Features.AccessControl;
using IngressController.Features.ApiKeys;
using IngressController.Features.BackendWeights;
using IngressController.Features.BasicAuthentication;
using IngressController.Features.Blocking;
using IngressController.Features.Bodies;
using IngressController.Features.Canary;
using IngressController.Features.Compression;
using IngressController.Features.Cors;
using IngressController.Features.ErrorPages;
using IngressController.Features.ExternalAuthentication;
using IngressController.Features.Headers;
using IngressController.Features.IpAccess;
using IngressController.Features.JsonWebTokens;
using IngressController.Features.LoadBalancing;
using IngressController.Features.RateLimiting;
using IngressController.Features.Redirects;
using IngressController.Features.Retries;
using IngressController.Features.Rewriting;
using IngressController.Features.SessionAffinity;
using IngressController.Features.Timeouts;
using IngressController.Features.Transforms;
using IngressController.Pipeline;

namespace IngressController.Proxy;

/// <summary>
/// The order of all steps and changes: the only place that names the features. An entry creates its step or change, or returns null if the
/// route does not need it. A feature is removed by deleting its folder and its lines here.
/// </summary>
internal static class PipelineOrder
{
    /// <summary>The steps of a request, in the order of ingress-nginx if it has them.</summary>
    private static readonly Func<PlanContext, IEnumerable<RequestStep>>[] Steps =
    [
        // First: a client on a block list learns nothing about the route.
        One(BlockStep.Create),
        // These reply for all paths of a host, or for its root, before any other step.
        One(WwwRedirectStep.Create),
        One(AppRootStep.Create),
        // Before other replies: a body that is too large is never read.
        One(BodyLimitStep.Create),
        // Before redirects, limits and authentication: browsers send preflight requests without credentials and do not follow redirects of
        // them.
        One(CorsPreflight.Create),
        // Before the first step whose template can use groups of the path.
        One(CapturesStep.Create),
        // Before access control: a redirect needs none.
        One(RedirectStep.Create),
        // After redirects, which need no protection; before every step that can grant access.
        One(ClosedStep.Create),
        // The same for transforms that YARP rejects; the translation cannot detect these.
        One(RouteTransforms.Guard),
        // Before the redirect to https, as in nginx. The redirect uses the original path all the same.
        One(RewriteStep.Create),
        // Before limits and passwords: a request that is repeated by https is not counted twice.
        One(TlsRedirectStep.Create),
        // Before requests without an endpoint are refused. All checks follow, as for the backend of the rule.
        One(ErrorPagesStep.Create),
        // Before limits and passwords: a request without an endpoint uses up neither.
        One(EndpointsStep.Create),
        // Before limits, which can count by client.
        One(ApiClientStep.Create),
        // Before access control, as in nginx: password guessing is limited too.
        One(RateLimitStep.Create),
        // Before the checks that grant access: a denied client gets none, even with satisfy any.
        One(DenyListStep.Create),
        // One step per check, or one step for all with satisfy any, in the same order.
        AccessSteps.Of(
            // Before passwords, because it is cheap.
            AllowListCheck.Create,
            // Cheaper than a password, whose user takes precedence.
            ApiKeyCheck.Create,
            // Before the service, which is called only for requests that pass this check.
            BasicAuthCheck.Create,
            // Before the service, too.
            JwtCheck.Create,
            // Last: it calls another service.
            ExternalAuthCheck.Create),
        // Of use to requests that are forwarded only.
        One(TimeoutsStep.Create),
        One(RetriesStep.Create),
        // Because it matters to requests that are forwarded only.
        EndpointChoiceStep.Of(
            AlgorithmChoice.Create,
            // Takes precedence over the algorithm, which serves requests without a key.
            HashChoice.Create,
            // Takes precedence over both, which serve requests without a session.
            SessionChoice.Create),
        // Last of all, so that the endpoints of the chosen backend are those of this moment.
        One(BackendStep.Of(BackendRules)),
    ];

    /// <summary>
    /// The rules that choose the backend of a request among the alternatives of its route; the first that chooses one decides. A rule that
    /// keeps clients where they are goes before all others.
    /// </summary>
    private static Func<PlanContext, BackendRule?>[] BackendRules =>
    [
        // Before weights: the main Ingress shares only what is left.
        CanaryRule.Create,
        WeightsRule.Create,
    ];

    /// <summary>The changes of requests to the backend.</summary>
    private static readonly Func<PlanContext, RequestChange?>[] RequestChanges =
    [
        // Before the headers of the authentication service, which can include Authorization.
        CredentialsRemoval.Create,
        // For the same reason.
        ApiKeyHeaders.Create,
        UpstreamHostChange.Create,
        ForwardedPrefixChange.Create,
        // After the headers of other features, so that the Ingress can remove them.
        RequestHeadersChange.Create,
        // After the headers of the Ingress, which cannot forge these.
        DefaultBackendHeaders.Create,
        // After the headers of the Ingress and the client: these cannot forge a claim.
        JwtHeadersChange.Create,
        // Last: no other change can forge a header of the service.
        AuthHeadersChange.Create,
    ];

    /// <summary>The changes of the heads of responses.</summary>
    private static readonly Func<PlanContext, ResponseChange?>[] ResponseChanges =
    [
        // First: only the backend's own headers are rewritten.
        CookieRewrite.Create,
        RedirectRewrite.Create,
        // After the rewrite of the backend's cookies.
        SessionCookie.Create,
        AuthCookiesChange.Create,
        CorsHeaders.Create,
        ResponseHeadersChange.CreateCustom,
        // After all other headers, as the most specific one.
        ResponseHeadersChange.Create,
        ResponsePacing.Create,
        // Last: it goes by the type, the length and the validators that the client gets.
        CompressionChange.Create,
    ];

    /// <summary>The changes that the operator's settings make to every request.</summary>
    private static readonly Func<GlobalPlanContext, RequestChange?>[] GlobalRequestChanges = [OperatorHeaders.CreateForRequests];

    /// <summary>The changes that the operator's settings make to every response.</summary>
    private static readonly Func<GlobalPlanContext, ResponseChange?>[] GlobalResponseChanges = [OperatorHeaders.Create];

    /// <summary>Registers the services of the features.</summary>
    private static readonly Action<IServiceCollection>[] Services =
    [
        RateLimitStep.AddServices, BasicAuthCheck.AddServices, JwtCheck.AddServices, ExternalAuthCheck.AddServices, ErrorPageBackends.AddServices,
        SessionCookie.AddServices, CompressionChange.AddServices,
    ];

    public static void AddServices(IServiceCollection services)
    {
        foreach (var add in Services)
            add(services);
    }

    /// <summary>The plan of a route. It ends after a final step: no later step or change would run.</summary>
    public static RoutePlan PlanOf(PlanContext context)
    {
        var steps = new List<RequestStep>();
        foreach (var create in Steps)
        {
            steps.AddRange(create(context));
            if (steps is [.., { IsFinal: true }])
                return new([.. steps], [], []);
        }

        return new([.. steps], Create(RequestChanges, context), Create(ResponseChanges, context)) { Transforms = RouteTransforms.Create(context), ErrorPages = ErrorPageBackends.Create(context) };
    }

    public static RequestChange[] RequestChangesOf(GlobalPlanContext context) => Create(GlobalRequestChanges, context);

    public static ResponseChange[] ResponseChangesOf(GlobalPlanContext context) => Create(GlobalResponseChanges, context);

    private static Func<PlanContext, IEnumerable<RequestStep>> One(Func<PlanContext, RequestStep?> create) => context => create(context) is { } step ? [step] : [];

    private static T[] Create<TContext, T>(Func<TContext, T?>[] factories, TContext context)
        where T : class => [.. factories.Select(create => create(context)).OfType<T>()];
}
