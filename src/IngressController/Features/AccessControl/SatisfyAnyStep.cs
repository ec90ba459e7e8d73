using IngressController.Pipeline;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.AccessControl;

/// <summary>Several checks of which a request must pass one (<c>satisfy: any</c>). The first that passes grants access.</summary>
internal sealed class SatisfyAnyStep(AccessCheck[] checks, AccessReplies replies) : RequestStep
{
    public override string Name => "satisfy any";

    public override string Describe(Revision revision) => $"one is enough: {string.Join("; or ", checks.Select(check => $"{check.Name}: {check.Describe()}"))}";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request) => DecideAsync(request, static (check, request) => check.CheckAsync(request));

    public override ValueTask<bool> DryRunAsync(ProxyRequest request) => DecideAsync(request, static (check, request) => check.DryRunAsync(request));

    private async ValueTask<bool> DecideAsync(ProxyRequest request, Func<AccessCheck, ProxyRequest, ValueTask<AccessRefusal?>> run)
    {
        AccessRefusal? reply = null;
        foreach (var check in checks)
        {
            if (!check.AppliesTo(request.Route))
                continue;
            if (await run(check, request) is not { } refusal)
                return true;
            reply = Combine(reply, refusal);
            if (refusal.IsFailure)
                break;
        }

        // Null if the route is exempt from all checks.
        if (reply is null)
            return true;
        await replies.WriteAsync(request, reply);
        return false;
    }

    /// <summary>
    /// As in nginx, a failure takes precedence over 401 (with all challenges), and 401, to which the client can respond, over 403.
    /// </summary>
    private static AccessRefusal Combine(AccessRefusal? before, AccessRefusal refusal) =>
        before is null || refusal.IsFailure ? refusal
        : refusal.Status != StatusCodes.Status401Unauthorized ? before
        : before.Status != StatusCodes.Status401Unauthorized ? refusal
        : refusal with { Challenge = StringValues.Concat(before.Challenge, refusal.Challenge) };
}
