using IngressController.Features.IpAccess;
using IngressController.Proxy;
using IngressController.Routing.Features.Authentication;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.Authentication;

/// <summary>Several checks of which a request has to pass one (<c>satisfy: any</c>); the first that it passes ends the matter.</summary>
internal sealed class SatisfyAnyStep(AccessCheck[] checks, AccessAnswers answers) : RequestStep
{
    public override string Name => "satisfy any";

    public static RequestStep? Create(StepContext context)
    {
        if (context.Policy<SatisfyAnyPolicy>() is null)
            return null;
        // Cheapest first, and in nginx's order.
        AccessCheck?[] checks = [AllowListCheck.Create(context), BasicAuthCheck.Create(context), ExternalAuthCheck.Create(context)];
        AccessCheck[] asked = [.. checks.OfType<AccessCheck>()];
        return asked.Length == 0 ? null : new SatisfyAnyStep(asked, AccessAnswers.Create(context));
    }

    public override string Describe() => $"one is enough: {string.Join("; or ", checks.Select(check => $"{check.Name}: {check.Describe()}"))}";

    public override ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route) =>
        DecideAsync(context, route, static (check, context, route) => check.CheckAsync(context, route));

    public override ValueTask<bool> RehearseAsync(HttpContext context, ProxyRoute route) =>
        DecideAsync(context, route, static (check, context, route) => check.RehearseAsync(context, route));

    private async ValueTask<bool> DecideAsync(HttpContext context, ProxyRoute route, Func<AccessCheck, HttpContext, ProxyRoute, ValueTask<AccessRefusal?>> ask)
    {
        AccessRefusal? answer = null;
        foreach (var check in checks)
        {
            if (!check.AppliesTo(route))
                continue;
            if (await ask(check, context, route) is not { } refusal)
                return true;
            answer = Worse(answer, refusal);
            if (refusal.IsFailure)
                break;
        }

        // None where all that the route has is what it is exempt from.
        if (answer is null)
            return true;
        await answers.WriteAsync(context, route, answer);
        return false;
    }

    /// <summary>As in nginx: a failure, else 401, which the client can do something about, with all ways to do it, else 403.</summary>
    private static AccessRefusal Worse(AccessRefusal? before, AccessRefusal refusal) =>
        before is null || refusal.IsFailure ? refusal
        : refusal.Status != StatusCodes.Status401Unauthorized ? before
        : before.Status != StatusCodes.Status401Unauthorized ? refusal
        : refusal with { Challenge = StringValues.Concat(before.Challenge, refusal.Challenge) };
}
