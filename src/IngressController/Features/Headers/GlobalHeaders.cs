using IngressController.Configuration;
using IngressController.Proxy;
using IngressController.Tls;
using Microsoft.Net.Http.Headers;

namespace IngressController.Features.Headers;

/// <summary>
/// What the operator wants of the head of every response, whatever its route: hide-headers, the Server header, HSTS and add-headers. It
/// comes before what the route wants, so that the Ingress has the last word.
/// </summary>
internal sealed class GlobalHeaders(GlobalState global, CertificateStore certificates, ListenerOptions listener)
{
    /// <summary>The Server header of answers that have none from a backend.</summary>
    public const string OurServer = "yarp-ingress";

    public void ChangeResponse(HttpContext context, bool isOwn)
    {
        var plan = global.Current;
        var headers = context.Response.Headers;
        if (!isOwn)
        {
            foreach (var name in plan.HiddenHeaders)
                headers.Remove(name);
        }

        SetServer(headers, plan);
        if (plan.StrictTransportSecurity.Count > 0 && context.Request.IsHttps && HasCertificate(context.Request.Headers.Host.ToString()))
            headers.StrictTransportSecurity = plan.StrictTransportSecurity;
        foreach (var (name, value) in plan.ResponseHeaders)
            headers[name] = value;
    }

    private void SetServer(IHeaderDictionary headers, GlobalPlan plan)
    {
        var (ours, backends) = (plan.Headers.ServerTokens, plan.Headers.AllowBackendServerHeader);
        // The option takes it away for good; without a setting the backend's goes before ours, and server-tokens alone means ours or none.
        if (!listener.ServerHeader || !(backends ?? ours is null))
            headers.Remove(HeaderNames.Server);
        if (listener.ServerHeader && (ours ?? true) && headers.Server.Count == 0)
            headers.Server = OurServer;
    }

    /// <summary>
    /// Whether the host has a certificate of its own. With the default one browsers show a warning, and after this header they would show
    /// nothing else (RFC 6797, 8.1 and 12.1).
    /// </summary>
    private bool HasCertificate(ReadOnlySpan<char> host)
    {
        var table = certificates.Table;
        return table.Hosts.Count > 0 && table.Find(HostTable.TrimHost(host)) is var certificate && certificate != table.Default && certificate.Problem is null;
    }
}
