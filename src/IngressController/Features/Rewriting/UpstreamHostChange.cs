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
        message.Headers.TryAddWithoutValidation("Host", TemplateValues.ExpandHeader(policy.Host, request));
        if (message.Headers.Host is not null)
            return;
        // The values of the request make no host: HttpClient would send its own beside it.
        message.Headers.Remove("Host");
        message.Headers.TryAddWithoutValidation("Host", request.Context.Request.Headers.Host.ToString());
    }
}
