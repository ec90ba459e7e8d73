using IngressController.Proxy;
using IngressController.Routing.Features.Rewriting;

namespace IngressController.Features.Rewriting;

/// <summary>Gives the backend another Host than the client's.</summary>
internal sealed class UpstreamHostChange(UpstreamHostPolicy policy) : RequestChange
{
    public static RequestChange? Create(StepContext context) =>
        context.Policy<UpstreamHostPolicy>() is { } policy ? new UpstreamHostChange(policy) : null;

    public override void Apply(HttpContext context, ProxyRoute route, HttpRequestMessage request)
    {
        request.Headers.Remove("Host");
        request.Headers.TryAddWithoutValidation("Host", TemplateValues.Expand(policy.Host, context, route));
    }
}
