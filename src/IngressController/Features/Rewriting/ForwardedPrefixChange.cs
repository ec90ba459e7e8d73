using IngressController.Proxy;
using IngressController.Routing.Features.Rewriting;

namespace IngressController.Features.Rewriting;

/// <summary>Tells the backend what rewriting took away from the path.</summary>
internal sealed class ForwardedPrefixChange(ForwardedPrefixPolicy policy) : RequestChange
{
    public static RequestChange? Create(StepContext context) =>
        context.Policy<ForwardedPrefixPolicy>() is { } policy ? new ForwardedPrefixChange(policy) : null;

    public override void Apply(HttpContext context, ProxyRoute route, HttpRequestMessage request)
    {
        if (context.Features.Get<RewrittenPath>() is { } rewritten)
            request.Headers.TryAddWithoutValidation("X-Forwarded-Prefix", RequestPath.Encode(TemplateValues.Expand(policy.Prefix, context, route, rewritten.Match)));
    }
}
