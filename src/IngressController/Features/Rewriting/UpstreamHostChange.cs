using IngressController.Pipeline;
using IngressController.Routing.Features.Rewriting;

namespace IngressController.Features.Rewriting;

/// <summary>upstream-vhost: replaces the Host header for the backend.</summary>
internal sealed class UpstreamHostChange(UpstreamHostPolicy policy) : RequestChange
{
    public static RequestChange? Create(PlanContext context) =>
        context.Policy<UpstreamHostPolicy>() is { } policy ? new UpstreamHostChange(policy) : null;

    public override void Apply(ProxyRequest request, HttpRequestMessage message)
    {
        message.Headers.Remove("Host");
        message.Headers.TryAddWithoutValidation("Host", TemplateValues.Expand(policy.Host, request));
    }
}
