using IngressController.Configuration;
using IngressController.Pipeline;
using IngressController.Routing.Features.Headers;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Features.Headers;

/// <summary>
/// Applies the operator's settings to the headers of every response: hide-headers, the Server header, HSTS and add-headers. Created once
/// per change of the settings.
/// </summary>
internal sealed class OperatorHeaders(HeaderSettings settings, ListenerOptions listener) : ResponseChange
{
    /// <summary>The Server header of responses without one.</summary>
    public const string ServerName = "yarp-ingress";

    /// <summary>The value of the header; empty if it is not sent.</summary>
    private readonly StringValues _strictTransportSecurity = settings.Hsts
        ? $"max-age={settings.HstsMaxAge}{(settings.HstsIncludeSubdomains ? "; includeSubDomains" : "")}{(settings.HstsPreload ? "; preload" : "")}"
        : StringValues.Empty;

    private readonly HeaderValue[] _added = HeaderValue.Of(settings.ResponseHeaders);

    private readonly string[] _hidden = [.. settings.HideHeaders];

    public static OperatorHeaders Create(GlobalPlanContext context) => new(context.Settings.Get<HeaderSettings>(), context.Service<ListenerOptions>());

    /// <summary>proxy-set-headers: sets headers of requests to every backend; null if there are none.</summary>
    public static RequestChange? CreateForRequests(GlobalPlanContext context) => context.Settings.Get<HeaderSettings>().RequestHeaders is { Count: > 0 } fields
        ? new RequestHeadersChange(new HeaderChanges(fields, [], []))
        : null;

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        var headers = request.Context.Response.Headers;
        if (!isLocal)
        {
            foreach (var name in _hidden)
                headers.Remove(name);
        }

        SetServer(headers);
        if (_strictTransportSecurity.Count > 0 && request.Context.Request.IsHttps && HasCertificate(request))
            headers.StrictTransportSecurity = _strictTransportSecurity;
        foreach (var header in _added)
            headers[header.Name] = header.Of(request);
    }

    private void SetServer(IHeaderDictionary headers)
    {
        var (own, backends) = (settings.ServerTokens, settings.AllowBackendServerHeader);
        // Without the option the header is always removed. Without settings the backend's header is kept; with server-tokens alone it is
        // replaced or removed.
        if (!listener.ServerHeader || !(backends ?? own is null))
            headers.Remove(HeaderNames.Server);
        if (listener.ServerHeader && (own ?? true) && headers.Server.Count == 0)
            headers.Server = ServerName;
    }

    /// <summary>
    /// True if the host has its own certificate. With the default certificate browsers show a warning, and after an HSTS header users could
    /// not skip it (RFC 6797, 8.1 and 12.1).
    /// </summary>
    private static bool HasCertificate(ProxyRequest request)
    {
        var table = request.Revision.Certificates;
        return table.Hosts.Count > 0
            && request.Revision.CertificateOf(request.Context.Request.Headers.Host.ToString(), request.MatchedHost).Certificate is var certificate
            && certificate != table.Default && certificate.Problem is null;
    }
}
