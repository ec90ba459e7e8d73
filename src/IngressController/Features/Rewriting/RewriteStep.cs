using IngressController.Pipeline;
using IngressController.Routing.Features.Rewriting;

namespace IngressController.Features.Rewriting;

/// <summary>rewrite-target with a path: replaces the path of the request, as nginx's rewrite directive does.</summary>
internal sealed class RewriteStep(RewritePolicy policy, string path) : RequestStep
{
    public override string Name => "rewrite";

    public static RequestStep? Create(PlanContext context)
    {
        if (context.Policy<RewritePolicy>() is not { } policy || policy.Text == context.Definition.PathText)
            return null;
        return policy.RedirectsToUrl()
            ? new RewriteRedirectStep(policy, context.Replies)
            : new RewriteStep(policy, context.Definition.Pattern?.Text ?? context.Definition.PathText);
    }

    public override string Describe(Revision revision) => $"{path} to {policy.Target}";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        var target = TemplateValues.Expand(policy.Target, request);
        request.RewrittenPath = RequestPath.Encode(target.StartsWith('/') ? target : $"/{target}");
        return ValueTask.FromResult(true);
    }
}

/// <summary>rewrite-target with a URL: nginx's rewrite directive redirects there.</summary>
internal sealed class RewriteRedirectStep(RewritePolicy policy, LocalReplies replies) : RequestStep
{
    public override string Name => "rewrite";

    public override string Describe(Revision revision) => $"302 to {policy.Target}";

    public override async ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        await replies.RedirectAsync(request, StatusCodes.Status302Found, WithQuery(RedirectLocation.Expand(policy.Target, request), request.Target.Query));
        return false;
    }

    /// <summary>As in nginx: the query of the request is added, unless the target ends with a question mark.</summary>
    private string WithQuery(string location, ReadOnlySpan<char> query) =>
        policy.Text.EndsWith('?') ? location.TrimEnd('?')
        : query.Length <= 1 ? location
        : $"{location}{(location.Contains('?') ? '&' : '?')}{query[1..]}";
}
