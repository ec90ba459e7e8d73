using IngressController.Pipeline;
using IngressController.Routing.Features.Headers;

namespace IngressController.Features.Headers;

/// <summary>
/// proxy-redirect-from and proxy-redirect-to: rewrites the prefix of the backend's Location and of the URL in its Refresh. If the result
/// starts with a slash, nginx prepends its scheme and host. Here it stays relative: clients resolve it to the same URL (RFC 9110, 10.2.2),
/// and it is also correct behind another proxy.
/// </summary>
internal sealed class RedirectRewrite(RedirectRewritePolicy policy) : ResponseChange
{
    private const string Refresh = "Refresh";

    private const string UrlOfRefresh = "url=";

    public static RedirectRewrite? Create(PlanContext context) => context.Policy<RedirectRewritePolicy>() is { } policy ? new RedirectRewrite(policy) : null;

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        if (isLocal)
            return;
        var headers = request.Context.Response.Headers;
        if (headers.Location is { Count: 1 } location && Rewrite(location.ToString(), 0) is { } newLocation)
            headers.Location = newLocation;
        if (headers[Refresh] is { Count: 1 } refresh
            && refresh.ToString().IndexOf(UrlOfRefresh, StringComparison.OrdinalIgnoreCase) is >= 0 and var url
            && Rewrite(refresh.ToString(), url + UrlOfRefresh.Length) is { } newRefresh)
        {
            headers[Refresh] = newRefresh;
        }
    }

    private string? Rewrite(string value, int start) =>
        value.AsSpan(start).StartsWith(policy.From, StringComparison.Ordinal)
            ? $"{value.AsSpan(0, start)}{policy.To}{value.AsSpan(start + policy.From.Length)}"
            : null;
}
