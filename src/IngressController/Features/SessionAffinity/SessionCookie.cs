using System.Globalization;
using System.Text;
using IngressController.Pipeline;
using IngressController.Routing.Features.SessionAffinity;
using IngressController.Upstream;
using Microsoft.Extensions.Primitives;

namespace IngressController.Features.SessionAffinity;

/// <summary>affinity: sets the cookie in responses to clients without a valid one for the endpoint that has responded.</summary>
internal sealed class SessionCookie(SessionCookieSettings settings, string path, SessionTables tables, TimeProvider time) : ResponseChange
{
    /// <summary>Browsers that take SameSite=None for Strict; Safari of macOS 10.14 is recognized by several words.</summary>
    private static readonly string[] OldBrowsers = ["Chrome/4", "Chrome/5", "Chrome/6", "CPU iPhone OS 12", "iPad; CPU OS 12"];

    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton<SessionKey>();
        services.AddHostedService(provider => provider.GetRequiredService<SessionKey>());
    }

    public static ResponseChange? Create(PlanContext context) => context.Policy<SessionAffinityPolicy>() is not { } policy ? null
        : new SessionCookie(
            policy.Cookie, policy.Cookie.Path ?? PathOf(context.Definition.Match), new SessionTables(policy.Mode, context.Service<SessionKey>()), context.Service<TimeProvider>());

    /// <summary>
    /// False at a default backend, which serves while the Service has no endpoint, and at a cluster IP, which has no endpoint to stay on.
    /// </summary>
    public static bool AppliesTo(ProxyRequest request, UpstreamCluster cluster) => cluster == request.Route.Cluster && !cluster.IsClusterIp;

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        if (isLocal || request.Endpoint is not { } endpoint || request.Cluster is not { } cluster || !AppliesTo(request, cluster))
            return;
        var (context, table) = (request.Context, tables.Of(cluster));
        if (table.Find(context.Request.Headers.Cookie, settings.Name) == endpoint || table.ValueFor(endpoint) is not { } value)
            return;
        var headers = context.Response.Headers;
        headers.SetCookie = StringValues.Concat(headers.SetCookie, Text(value, context.Request));
    }

    private string Text(string value, HttpRequest request)
    {
        var text = new StringBuilder($"{settings.Name}={value}");
        if (settings.Expires is { } seconds)
            text.Append(CultureInfo.InvariantCulture, $"; Expires={time.GetUtcNow().AddSeconds(seconds):r}");
        if (settings.MaxAge is { } age)
            text.Append(CultureInfo.InvariantCulture, $"; Max-Age={age}");
        if (settings.Domain is { } domain)
            text.Append("; Domain=").Append(domain);
        text.Append("; Path=").Append(path);
        if (settings.IsAlwaysSecure || request.IsHttps)
            text.Append("; Secure");
        text.Append("; HttpOnly");
        if (settings.SameSite is { } sameSite && !(sameSite == SameSite.None && settings.OmitsNoneForOldBrowsers && IsOld(request.Headers.UserAgent.ToString())))
            text.Append("; SameSite=").Append(sameSite.ToString());
        return text.ToString();
    }

    private static bool IsOld(string browser) =>
        Array.Exists(OldBrowsers, name => browser.Contains(name, StringComparison.Ordinal))
        || (browser.Contains("Intel Mac OS X 10_14", StringComparison.Ordinal) && browser.Contains("Safari", StringComparison.Ordinal)
            && !browser.Contains("Chrome", StringComparison.Ordinal));

    /// <summary>
    /// The path of a rule as clients compare it: percent-encoded, and up to the directory before a semicolon, which an attribute cannot hold.
    /// </summary>
    private static string PathOf(PathMatch match)
    {
        if (match.Type == PathMatchType.Regex)
            return "/";
        var path = RequestPath.Encode(match.Value);
        var semicolon = path.IndexOf(';', StringComparison.Ordinal);
        return semicolon < 0 ? path : path[..Math.Max(1, path.LastIndexOf('/', semicolon))];
    }
}
