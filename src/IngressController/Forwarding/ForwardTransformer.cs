using System.Net;
using IngressController.Exchanges;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Shutdown;
using IngressController.Upstream;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace IngressController.Forwarding;

/// <summary>
/// Builds the request for the backend and the response for the client: all headers except hop-by-hop headers (RFC 9110, 7.6.1). The
/// client's Host is kept; only the proxy sets forwarding headers.
/// </summary>
internal sealed class ForwardTransformer(Drain drain, CutResponse cut) : HttpTransformer
{
    private static readonly UriCreationOptions AsReceived = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override ValueTask TransformRequestAsync(
        HttpContext context, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        var request = ProxyRequest.Of(context);
        proxyRequest.RequestUri = new Uri(request.UriAt(destinationPrefix), AsReceived);
        if (request.Body is { } body)
            proxyRequest.Options.Set(RequestUpload.Body, body);
        request.Exchange?.Timer?.Watch(proxyRequest);
        var transforms = request.Route.Plan.Transforms;
        var headers = new MessageHeaders(proxyRequest);
        ForwardedFields.Write(request, headers);
        if (proxyRequest.Version == HttpVersion.Version20 && context.Request.Headers.TE.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase))
            proxyRequest.Headers.TryAddWithoutValidation(HeaderNames.TE, "trailers");
        if (transforms is not null)
            return TransformAsync(request, proxyRequest, headers, destinationPrefix, transforms, cancellationToken);
        ApplyChanges(request, proxyRequest, headers);
        return default;
    }

    /// <summary>Runs YARP's transforms first: a header that another annotation sets takes precedence.</summary>
    private static async ValueTask TransformAsync(
        ProxyRequest request, HttpRequestMessage message, MessageHeaders headers, string destination, MessageTransforms transforms, CancellationToken cancellation)
    {
        await transforms.ApplyAsync(request, message, destination, cancellation);
        ApplyChanges(request, message, headers);
    }

    private static void ApplyChanges(ProxyRequest request, HttpRequestMessage message, MessageHeaders headers)
    {
        foreach (var change in request.Route.Plan.RequestChanges)
            change.Apply(request, headers);
        UpgradeHeaders.Offer(request.Context, message);
        // After all changes, each of which can set the host.
        UpstreamHost.Ensure(message, request.Context.Request.Headers.Host);
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext context, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
            return true;
        ResponseStatus.Check(proxyResponse);
        var request = ProxyRequest.Of(context);
        var timer = request.Exchange?.Timer;
        timer?.HeadCame();
        if (request.Gate is { } gate && IsRefused(gate, proxyResponse))
            throw new RetriedStatusException((int)proxyResponse.StatusCode);
        request.Body?.Release();
        request.HeadCame();
        if (ReplacedResponse.Begin(request, proxyResponse))
            return false;
        var transforms = request.Route.Plan.Transforms;
        // Always synchronous in YARP; the headers have been copied when it returns.
        var copyBody = transforms is { CopiesResponseHeaders: false } || await base.TransformResponseAsync(context, proxyResponse, cancellationToken);
        var headers = context.Response.Headers;
        if (proxyResponse.Headers.NonValidated.TryGetValues(HeaderNames.Connection, out var connection))
        {
            foreach (var value in connection)
            {
                foreach (var name in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                {
                    if (!ForwardedHeaders.IsProtected(name))
                        headers.Remove(name);
                }
            }
        }

        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
            UpgradeHeaders.Copy(context, proxyResponse);

        // The bytes after an upgrade are not a body.
        var hasBody = copyBody && ResponseStatus.HasBody(proxyResponse, context.Response)
            && proxyResponse.StatusCode != HttpStatusCode.SwitchingProtocols && proxyResponse.RequestMessage?.Method != HttpMethod.Connect;
        // Of the backend: a compressed body has none.
        var hasLength = headers.ContentLength is not null;
        foreach (var change in request.Revision.ResponseChanges)
            change.Apply(request, isLocal: false);
        if (transforms is not null)
            await transforms.ApplyAsync(context, proxyResponse, cancellationToken);
        foreach (var change in request.Route.Plan.ResponseChanges)
        {
            change.Apply(request, isLocal: false);
            if (hasBody)
                proxyResponse.Content = change.ChangeBody(proxyResponse.Content);
        }

        drain.Announce(context);
        if (hasBody && timer is not null)
            proxyResponse.Content = new WatchedResponse(proxyResponse.Content, timer);
        // A body of known length is not an event stream.
        if (hasBody && headers.ContentLength is not 0)
            proxyResponse.Content = new ResponseContent(proxyResponse, context, request.Exchange, cut, sendsHeadEarly: !hasLength);

        return copyBody;
    }

    private static bool IsRefused(ResponseGate gate, HttpResponseMessage response) => gate.Refuses(
        (int)response.StatusCode, () => response.Headers.NonValidated.TryGetValues(HeaderNames.RetryAfter, out var values) ? values.ToString() : null);

    public override ValueTask TransformResponseTrailersAsync(HttpContext context, HttpResponseMessage proxyResponse, CancellationToken cancellationToken) =>
        CutMark.IsOn(proxyResponse) ? default
            : ProxyRequest.Of(context).Route.Plan.Transforms is { } transforms
            ? TransformTrailersAsync(context, proxyResponse, transforms, cancellationToken)
            : base.TransformResponseTrailersAsync(context, proxyResponse, cancellationToken);

    private async ValueTask TransformTrailersAsync(
        HttpContext context, HttpResponseMessage proxyResponse, MessageTransforms transforms, CancellationToken cancellation)
    {
        if (transforms.CopiesResponseTrailers)
            await base.TransformResponseTrailersAsync(context, proxyResponse, cancellation);
        await transforms.ApplyToTrailersAsync(context, proxyResponse, cancellation);
    }
}
