using IngressController.Proxy;
using IngressController.Routing.Features.Redirects;

namespace IngressController.Features.Redirects;

/// <summary>Sends requests by http to https.</summary>
internal sealed class TlsRedirectStep(TlsRedirectPolicy policy, StepServices services) : RequestStep
{
    public override string Name => "redirect to https";

    public static RequestStep? Create(StepContext context) =>
        context.Policy<TlsRedirectPolicy>() is { } policy ? new TlsRedirectStep(policy, context.Services) : null;

    public override string Describe() => policy.IsForced ? $"{policy.Status} for http" : $"{policy.Status} for http if the host has a certificate";

    public override ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route)
    {
        if (context.Request.IsHttps)
            return ValueTask.FromResult(true);
        var host = context.Request.Headers.Host.ToString();
        if (!policy.IsForced && services.Hosts.Current?.HasTls(host) != true)
            return ValueTask.FromResult(true);
        foreach (var path in policy.Exempt)
        {
            if (route.Definition.PathText.StartsWith(path, StringComparison.Ordinal))
                return ValueTask.FromResult(true);
        }

        return RedirectAsync(context, route);
    }

    private async ValueTask<bool> RedirectAsync(HttpContext context, ProxyRoute route)
    {
        // HTTP/1.0 knows requests without a Host: those can only be sent to the rule's.
        var host = TemplateValues.HostName(context) is { Length: > 0 } named ? named : route.Host;
        if (host.Length == 0)
            return true;
        var uri = TemplateValues.RequestUri(context);
        if (!policy.PreservesTrailingSlash && uri.EndsWith('/'))
            uri = uri[..^1];
        var port = policy.UsesPort && services.Listener.HttpsPort > 0 ? $":{services.Listener.HttpsPort}" : "";
        await services.Answers.RedirectAsync(context, policy.Status, $"https://{host}{port}{uri}");
        return false;
    }
}
