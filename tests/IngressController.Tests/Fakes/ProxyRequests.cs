using IngressController.Matching;
using IngressController.Pipeline;
using IngressController.Routing.Translation;
using IngressController.Tls;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace IngressController.Tests.Fakes;

/// <summary>Requests for tests of single steps.</summary>
internal static class ProxyRequests
{
    /// <summary>A revision with no hosts and all settings at their defaults.</summary>
    public static Revision EmptyRevision { get; } = new()
    {
        Translation = Translation.Empty(new TranslationSettings()),
        Hosts = HostTable.Empty,
        Certificates = new CertificateStore(NullLogger<CertificateStore>.Instance).SelfSigned,
    };

    /// <summary>A request whose route is found.</summary>
    public static ProxyRequest Of(HttpContext context, ProxyRoute? route = null, Revision? revision = null)
    {
        var request = ProxyRequest.Begin(context, revision ?? EmptyRevision);
        request.NormalizePath();
        request.MatchedRoute = route;
        return request;
    }
}
