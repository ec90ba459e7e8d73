using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Upstream;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IngressController.Features.ErrorPages;

/// <summary>
/// Creates the requests for pages: GET / with the headers of the client, without those of its body, its credentials for the backend, and
/// the conditions and ranges that are about another resource.
/// </summary>
internal static class ErrorPageRequest
{
    private static readonly HeaderNameSet Omitted = new(
    [
        HeaderNames.Host, HeaderNames.Authorization, HeaderNames.Expect, HeaderNames.Range, HeaderNames.IfRange, HeaderNames.IfMatch, HeaderNames.IfNoneMatch,
        HeaderNames.IfModifiedSince, HeaderNames.IfUnmodifiedSince, LoopGuard.Header,
    ]);

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
        CopyHeaders(request.Context.Request.Headers, message);
        var client = ForwardedHeaders.AddressText(request.Context.Connection.RemoteIpAddress);
        Add(HeaderNames.Host, request.Context.Request.Headers.Host);
        Add("X-Forwarded-For", request.Received?.FullChain ?? client);
        Add("X-Real-IP", client);
        Add("X-Forwarded-Proto", request.Context.Request.IsHttps ? "https" : "http");
        Add("X-Forwarded-Host", request.PublicHost);
        Add("X-Forwarded-Port", request.PublicPort);
        Add(LoopGuard.Header, StringValues.Concat(request.Context.Request.Headers[LoopGuard.Header], LoopGuard.CdnId));
        Add(ErrorPageHeaders.OriginalUri, request.Target.PathAndQuery);
        ErrorPageHeaders.Add(request, status, (name, value) => Add(name, value));
        UpstreamHost.Ensure(message, request.Context.Request.Headers.Host);
        return message;

        void Add(string name, StringValues values) => message.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
    }

    private static void CopyHeaders(IHeaderDictionary incoming, HttpRequestMessage message)
    {
        foreach (var (name, values) in incoming)
        {
            if (ForwardedHeaders.IsForwarded(name, incoming.Connection) && !ErrorPageHeaders.Names.Contains(name) && !Omitted.Contains(name)
                && !name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
                message.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
    }
}
