using System.Text.RegularExpressions;
using IngressController.Pipeline;
using IngressController.Routing.Features.Rewriting;

namespace IngressController.Features.Rewriting;

/// <summary>rewrite-target: replaces the path of the request, as nginx's rewrite directive does.</summary>
internal sealed class RewriteStep(RewritePolicy policy, PathPattern pattern, LocalReplies replies) : RequestStep
{
    public override string Name => "rewrite";

    public static RequestStep? Create(PlanContext context) =>
        context.Policy<RewritePolicy>() is { } policy && policy.Text != context.Definition.PathText
            ? new RewriteStep(policy, context.Definition.Pattern ?? PathPattern.Literal(context.Definition.PathText), context.Replies)
            : null;

    public override string Describe(Revision revision) => $"{pattern} to {policy.Target}";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        try
        {
            var match = pattern.Match(request.Path.ToString());
            var path = TemplateValues.Expand(policy.Target, request, match);
            request.Rewritten = new RewrittenPath(RequestPath.Encode(path.StartsWith('/') ? path : $"/{path}"), match);
            return ValueTask.FromResult(true);
        }
        catch (RegexMatchTimeoutException)
        {
            return RefuseAsync(request);
        }
    }

    private async ValueTask<bool> RefuseAsync(ProxyRequest request)
    {
        await replies.RefuseAsync(request, Refusal.RewriteTimedOut);
        return false;
    }
}
