using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.AccessControl;

/// <summary>Creates the steps for the access checks of a route: one step per check, or a single step with <c>satisfy: any</c>.</summary>
internal static class AccessSteps
{
    /// <param name="checks">The factories of the checks, in order.</param>
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
