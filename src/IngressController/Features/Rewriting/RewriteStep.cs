using System.Text.RegularExpressions;
using IngressController.Proxy;
using IngressController.Routing.Features.Rewriting;

namespace IngressController.Features.Rewriting;

/// <summary>Puts another path in the place of the request's, as nginx's rewrite directive does.</summary>
internal sealed class RewriteStep(RewritePolicy policy, PathPattern pattern, OwnAnswers answers) : RequestStep
{
    public override string Name => "rewrite";

    public static RequestStep? Create(StepContext context) =>
        context.Policy<RewritePolicy>() is { } policy && policy.Text != context.Definition.PathText
            ? new RewriteStep(policy, context.Definition.Pattern ?? PathPattern.Literal(context.Definition.PathText), context.Services.Answers)
            : null;

    public override string Describe() => $"{pattern} to {policy.Target}";

    public override ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route)
    {
        try
        {
            var match = pattern.Match(RequestPath.Normalize(RequestTarget.Split(context, out _)).Match.ToString());
            var path = TemplateValues.Expand(policy.Target, context, route, match);
            context.Features.Set(new RewrittenPath(RequestPath.Encode(path.StartsWith('/') ? path : $"/{path}"), match));
            return ValueTask.FromResult(true);
        }
        catch (RegexMatchTimeoutException)
        {
            return RefuseAsync(context);
        }
    }

    private async ValueTask<bool> RefuseAsync(HttpContext context)
    {
        await answers.RefuseAsync(context, Refusal.RewriteTooLong);
        return false;
    }
}

/// <summary>The path a request has after rewriting, encoded, and the match it comes from.</summary>
internal sealed record RewrittenPath(string Path, Match Match);
