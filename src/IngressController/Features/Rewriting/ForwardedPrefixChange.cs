using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Rewriting;

namespace IngressController.Features.Rewriting;

/// <summary>x-forwarded-prefix: sends the prefix that rewriting removed from the path to the backend.</summary>
internal sealed class ForwardedPrefixChange(ForwardedPrefixPolicy policy) : RequestChange
{
    public static RequestChange? Create(PlanContext context) =>
        context.Policy<ForwardedPrefixPolicy>() is { } policy ? new ForwardedPrefixChange(policy) : null;

    public override void Apply(ProxyRequest request, BackendHeaders headers)
    {
        if (request.RewrittenPath is not null)
            headers.Add("X-Forwarded-Prefix", RequestPath.Encode(TemplateValues.Expand(policy.Prefix, request)));
    }
}
