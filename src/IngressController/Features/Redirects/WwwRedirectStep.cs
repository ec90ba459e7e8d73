using IngressController.Proxy;
using IngressController.Routing.Table;

namespace IngressController.Features.Redirects;

/// <summary>Sends a name to its twin with or without www.</summary>
internal sealed class WwwRedirectStep(HostAlias alias, OwnAnswers answers) : RequestStep
{
    public override string Name => "www redirect";

    public override string Describe() => $"{alias.Redirect} to {alias.Target}";

    public override async ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route)
    {
        var request = context.Request;
        var uri = TemplateValues.RequestUri(context);
        // As in ingress-nginx: the port is always written, and a final slash taken away.
        var port = ForwardTransformer.Port(request.Headers.Host.ToString(), request.IsHttps);
        await answers.RedirectAsync(context, alias.Redirect!.Value, $"{request.Scheme}://{alias.Target}:{port}{(uri.EndsWith('/') ? uri[..^1] : uri)}");
        return false;
    }
}
