using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Rewriting;

namespace IngressController.Features.Rewriting;

/// <summary>
/// upstream-vhost: replaces the Host header for the backend. If the values of a request make no host, the client's is kept (UpstreamHost).
/// </summary>
internal sealed class UpstreamHostChange(UpstreamHostPolicy policy) : RequestChange
{
    public static RequestChange? Create(PlanContext context) =>
        context.Policy<UpstreamHostPolicy>() is { } policy ? new UpstreamHostChange(policy) : null;

    public override void Apply(ProxyRequest request, BackendHeaders headers)
    {
        headers.Remove("Host");
        headers.Add("Host", TemplateValues.ExpandHeader(policy.Host, request));
    }
}
