using IngressController.Features.AccessControl;
using IngressController.Features.BasicAuthentication;
using IngressController.Features.Blocking;
using IngressController.Features.Bodies;
using IngressController.Features.Cors;
using IngressController.Features.ExternalAuthentication;
using IngressController.Features.Headers;
using IngressController.Features.IpAccess;
using IngressController.Features.RateLimiting;
using IngressController.Features.Redirects;
using IngressController.Features.Rewriting;
using IngressController.Features.Transforms;
using IngressController.Pipeline;

namespace IngressController.Proxy;

/// <summary>
/// The order of everything that is done to a request and its response: the one place that names the features. An entry makes its step or change,
/// or nothing where the route does not ask for it. A feature is removed by deleting its folder and its lines here.
/// </summary>
internal static class PipelineOrder
{
    /// <summary>The steps of a request, in the order of ingress-nginx where both have them.</summary>
    private static readonly Func<PlanContext, IEnumerable<RequestStep>>[] Steps =
    [
        // First: a client that is denied everywhere learns nothing about the route.
        One(BlockStep.Create),
        // Both reply for all paths of a host, or for its root, before anything else of the host.
        One(WwwRedirectStep.Create),
        One(AppRootStep.Create),
        // Before everything that replies: a body that is too large is not read, whatever the reply would be.
        One(BodyLimitStep.Create),
        // Before redirects, limits and authentication: browsers send preflight requests without credentials, and follow no redirect of the response.
        One(CorsPreflight.Create),
        // Before all access control: the client is only told where to go.
        One(RedirectStep.Create),
        // After redirects, which protect nothing; before everything that could grant access.
        One(ClosedStep.Create),
        // The same for transforms that YARP rejects, which only the host can know.
        One(RouteTransforms.Guard),
        // Before the redirect to https, as in nginx, which redirects the client to the path it asked for all the same.
        One(RewriteStep.Create),
        // Before limits and passwords: a request that comes again by https uses up neither.
        One(TlsRedirectStep.Create),
        // Before limits and passwords as well.
        One(EndpointsStep.Create),
        // Before access control, as in nginx: guessing passwords is limited as well.
        One(RateLimitStep.Create),
        // A denied client stays out, whatever else would grant access.
        One(DenyListStep.Create),
        // A step each, or one step of them all with satisfy any, in the same order.
        AccessSteps.Of(
            // Costs nothing, so before passwords.
            AllowListCheck.Create,
            // Before the service, which is called only for requests that could get access.
            BasicAuthCheck.Create,
            // Last: it calls another service.
            ExternalAuthCheck.Create),
    ];

    /// <summary>The changes of requests for the backend.</summary>
    private static readonly Func<PlanContext, RequestChange?>[] RequestChanges =
    [
        // Before the headers of the authentication service, of which Authorization may be one.
        CredentialsRemoval.Create,
        UpstreamHostChange.Create,
        ForwardedPrefixChange.Create,
        // After the headers of other features, so that the Ingress can remove them.
        RequestHeadersChange.Create,
        // Last: no other header can pass for one that the service vouches for.
        AuthHeadersChange.Create,
    ];

    /// <summary>The changes of the heads of responses.</summary>
    private static readonly Func<PlanContext, ResponseChange?>[] ResponseChanges =
    [
        // First the backend's own headers, so that none of ours is rewritten.
        CookieRewrite.Create,
        RedirectRewrite.Create,
        // After the backend's own cookies are there.
        AuthCookiesChange.Create,
        CorsHeaders.Create,
        ResponseHeadersChange.CreateCustom,
        // Last, as the most specific one: it sees the headers of all others.
        ResponseHeadersChange.Create,
        ResponsePacing.Create,
    ];

    /// <summary>The changes that the operator's settings make to every request, before those of its route.</summary>
    private static readonly Func<GlobalPlanContext, RequestChange?>[] GlobalRequestChanges = [OperatorHeaders.CreateForRequests];

    /// <summary>The changes that the operator's settings make to every response, before those of its route.</summary>
    private static readonly Func<GlobalPlanContext, ResponseChange?>[] GlobalResponseChanges = [OperatorHeaders.Create];

    /// <summary>The services that features add.</summary>
    private static readonly Action<IServiceCollection>[] Services = [RateLimitStep.AddServices, BasicAuthCheck.AddServices, ExternalAuthCheck.AddServices];

    public static void AddServices(IServiceCollection services)
    {
        foreach (var add in Services)
            add(services);
    }

    /// <summary>The plan of a route. A final step ends it: no later step or change is reached.</summary>
    public static RoutePlan PlanOf(PlanContext context)
    {
        var steps = new List<RequestStep>();
        foreach (var create in Steps)
        {
            steps.AddRange(create(context));
            if (steps is [.., { IsFinal: true }])
                return new([.. steps], [], []);
        }

        return new([.. steps], Make(RequestChanges, context), Make(ResponseChanges, context)) { Transforms = RouteTransforms.Create(context) };
    }

    public static RequestChange[] RequestChangesOf(GlobalPlanContext context) => Make(GlobalRequestChanges, context);

    public static ResponseChange[] ResponseChangesOf(GlobalPlanContext context) => Make(GlobalResponseChanges, context);

    private static Func<PlanContext, IEnumerable<RequestStep>> One(Func<PlanContext, RequestStep?> create) => context => create(context) is { } step ? [step] : [];

    private static T[] Make<TContext, T>(Func<TContext, T?>[] makers, TContext context)
        where T : class => [.. makers.Select(make => make(context)).OfType<T>()];
}
