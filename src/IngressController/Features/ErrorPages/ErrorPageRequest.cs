using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Upstream;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Features.ErrorPages;

/// <summary>
/// Creates the requests for pages: GET / with what a page can depend on. Other headers of the client can be credentials for the backend or the
/// proxy, or concern its body, or another resource.
/// </summary>
internal static class ErrorPageRequest
{
    private static readonly string[] Copied =
        [HeaderNames.Accept, HeaderNames.AcceptEncoding, HeaderNames.AcceptLanguage, HeaderNames.Cookie, HeaderNames.Referer, HeaderNames.UserAgent];

    /// <param name="request">The request of the client.</param>
    /// <param name="status">The status that the page is for.</param>
    /// <param name="model">The Service.</param>
    /// <param name="destination">Scheme and authority of the endpoint.</param>
    public static HttpRequestMessage Create(ProxyRequest request, int status, UpstreamModel model, string destination)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, $"{destination.TrimEnd('/')}/")
        {
            Version = model.RequestConfig.Version!,
            VersionPolicy = model.RequestConfig.VersionPolicy!.Value,
        };
        var incoming = request.Context.Request.Headers;
        foreach (var name in Copied)
            Add(name, incoming[name]);
        var client = ForwardedHeaders.AddressText(request.Context.Connection.RemoteIpAddress);
        Add(HeaderNames.Host, incoming.Host);
        Add("X-Forwarded-For", request.Received?.FullChain ?? client);
        Add("X-Real-IP", client);
        Add("X-Forwarded-Proto", request.Context.Request.IsHttps ? "https" : "http");
        Add("X-Forwarded-Host", request.PublicHost);
        Add("X-Forwarded-Port", request.PublicPort);
        Add(LoopGuard.Header, StringValues.Concat(incoming[LoopGuard.Header], LoopGuard.CdnId));
        Add(ErrorPageHeaders.OriginalUri, request.Target.PathAndQuery);
        ErrorPageHeaders.Add(request, status, (name, value) => Add(name, value));
        UpstreamHost.Ensure(message, incoming.Host);
        return message;

        void Add(string name, StringValues values)
        {
            if (values.Count > 0)
                message.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
    }
}
