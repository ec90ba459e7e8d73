using IngressController.Pipeline;
using IngressController.Routing.Features.Headers;

namespace IngressController.Features.Headers;

/// <summary>
/// proxy-redirect-from and proxy-redirect-to: rewrites the beginning of the backend's Location and of the URL in its Refresh. nginx puts
/// its own scheme and host before what then begins with a slash; here it stays relative, which every client resolves to the same (RFC
/// 9110, 10.2.2) and which is right behind another proxy too.
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
