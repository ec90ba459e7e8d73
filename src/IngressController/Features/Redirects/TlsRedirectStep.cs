using IngressController.Configuration;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Redirects;

namespace IngressController.Features.Redirects;

/// <summary>ssl-redirect and force-ssl-redirect: redirects http to https.</summary>
internal sealed class TlsRedirectStep(TlsRedirectPolicy policy, int httpsPort, LocalReplies replies) : RequestStep
{
    public override string Name => "redirect to https";

    public static RequestStep? Create(PlanContext context) => context.Policy<TlsRedirectPolicy>() is { } policy
        ? new TlsRedirectStep(policy, context.Service<ListenerOptions>().HttpsPort, context.Replies)
        : null;

    public override string Describe(Revision revision) =>
        policy.IsForced ? $"{policy.Status} for http" : $"{policy.Status} for http if the host has a certificate";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        var received = request.Context.Request;
        if (received.IsHttps)
            return ValueTask.FromResult(true);
        if (!policy.IsForced && !request.Revision.Hosts.HasTls(received.Headers.Host.ToString(), request.MatchedHost))
            return ValueTask.FromResult(true);
        return ExemptPaths.Contain(policy.Exempt, request.Route) ? ValueTask.FromResult(true) : RedirectAsync(request);
    }

    private async ValueTask<bool> RedirectAsync(ProxyRequest request)
    {
        // HTTP/1.0 permits requests without Host: those are redirected to the host of the rule.
        var host = HostHeader.NameOf(request.PublicHost).ToString().ToLowerInvariant() is { Length: > 0 } named ? named : request.Route.Host;
        if (host.Length == 0)
            return true;
        var uri = request.Target.PathAndQuery;
        if (!policy.PreservesTrailingSlash && uri.EndsWith('/'))
            uri = uri[..^1];
        var port = policy.UsesPort && httpsPort > 0 ? $":{httpsPort}" : "";
        await replies.RedirectAsync(request, policy.Status, $"https://{host}{port}{uri}");
        return false;
    }
}
