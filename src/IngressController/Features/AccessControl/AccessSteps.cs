using IngressController.Features.ExternalAuthentication;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.AccessControl;

/// <summary>The access checks of a route: a step each, or one step of them all with <c>satisfy: any</c>.</summary>
internal static class AccessSteps
{
    /// <param name="checks">The checks in their order.</param>
    public static Func<PlanContext, IEnumerable<RequestStep>> Of(params Func<PlanContext, AccessCheck?>[] checks) => context =>
    {
        AccessCheck[] ofRoute = [.. checks.Select(create => create(context)).OfType<AccessCheck>()];
        if (ofRoute.Length == 0)
            return [];
        var replies = new AccessReplies(context.Replies, ofRoute.Select(check => check.SignInPage).FirstOrDefault(page => page is not null));
        return context.Policy<SatisfyAnyPolicy>() is null
            ? ofRoute.Select(check => new AccessStep(check, replies))
            : [new SatisfyAnyStep(ofRoute, replies)];
    };
}
