using System.Globalization;
using System.Net;
using IngressController.Features.Forwarding;
using IngressController.Features.Headers;
using IngressController.Features.Transforms;
using IngressController.Shutdown;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace IngressController.Proxy;

/// <summary>
/// What the backend gets of a request and the client of a response: everything but hop-by-hop headers (RFC 9110, 7.6.1), with the
/// client's Host kept and the forwarding headers ours alone.
/// </summary>
internal sealed class ForwardTransformer(GlobalState global, GlobalHeaders globalHeaders, RoutingState routing, Drain drain) : HttpTransformer
{
    private static readonly UriCreationOptions AsReceived = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override ValueTask TransformRequestAsync(
        HttpContext context, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        proxyRequest.RequestUri = new Uri(RequestTarget.ForBackend(context, destinationPrefix), AsReceived);
        var route = context.GetEndpoint() as ProxyRoute;
        var transforms = route?.Plan.Transforms;
        CopyRequestHeaders(context, proxyRequest, transforms);
        AddForwardingHeaders(context, proxyRequest);
        global.Current.RequestHeaders?.Apply(proxyRequest);
        if (transforms is not null)
            return TransformAsync(context, route!, proxyRequest, destinationPrefix, transforms, cancellationToken);
        if (route is not null)
            Change(context, route, proxyRequest);
        return default;
    }

    /// <summary>YARP's transforms first: what our own annotations say of a header goes before them.</summary>
    private static async ValueTask TransformAsync(
        HttpContext context, ProxyRoute route, HttpRequestMessage proxyRequest, string destination, RouteTransforms transforms, CancellationToken cancellation)
    {
        await transforms.ApplyAsync(context, route, proxyRequest, destination, cancellation);
        Change(context, route, proxyRequest);
    }

    private static void Change(HttpContext context, ProxyRoute route, HttpRequestMessage proxyRequest)
    {
        foreach (var change in route.Plan.RequestChanges)
            change.Apply(context, route, proxyRequest);
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext context, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
            return true;
        var transforms = (context.GetEndpoint() as ProxyRoute)?.Plan.Transforms;
        // Always synchronous in YARP; the headers have been copied when it returns.
        var copyBody = transforms is { CopiesResponseHeaders: false } || await base.TransformResponseAsync(context, proxyResponse, cancellationToken);
        var headers = context.Response.Headers;
        if (proxyResponse.Headers.NonValidated.TryGetValues(HeaderNames.Connection, out var connection))
        {
            foreach (var value in connection)
            {
                foreach (var name in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                {
                    if (!IsProtected(name))
                        headers.Remove(name);
                }
            }
        }

        // The bytes after an upgrade are no body.
        var hasBody = copyBody
            && proxyResponse.StatusCode != HttpStatusCode.SwitchingProtocols && proxyResponse.RequestMessage?.Method != HttpMethod.Connect;
        globalHeaders.ChangeResponse(context, isOwn: false);
        if (transforms is not null)
            await transforms.ApplyAsync(context, proxyResponse, cancellationToken);
        if (context.GetEndpoint() is ProxyRoute route)
        {
            foreach (var change in route.Plan.ResponseChanges)
            {
                change.Apply(context, route, isOwn: false);
                if (hasBody)
                    proxyResponse.Content = change.ChangeBody(proxyResponse.Content);
            }
        }

        drain.Announce(context);
        // A body of known length is no stream of events.
        if (hasBody && headers.ContentLength is null)
            proxyResponse.Content = new PromptResponseHead(proxyResponse.Content, context.Response);

        return copyBody;
    }

    public override ValueTask TransformResponseTrailersAsync(HttpContext context, HttpResponseMessage proxyResponse, CancellationToken cancellationToken) =>
        (context.GetEndpoint() as ProxyRoute)?.Plan.Transforms is { } transforms
            ? TransformTrailersAsync(context, proxyResponse, transforms, cancellationToken)
            : base.TransformResponseTrailersAsync(context, proxyResponse, cancellationToken);

    private async ValueTask TransformTrailersAsync(
        HttpContext context, HttpResponseMessage proxyResponse, RouteTransforms transforms, CancellationToken cancellation)
    {
        if (transforms.CopiesResponseTrailers)
            await base.TransformResponseTrailersAsync(context, proxyResponse, cancellation);
        await transforms.ApplyToTrailersAsync(context, proxyResponse, cancellation);
    }

    private void CopyRequestHeaders(HttpContext context, HttpRequestMessage proxyRequest, RouteTransforms? transforms)
    {
        var dropsUnderscores = !global.Current.Headers.UnderscoresInHeaders;
        var incoming = context.Request.Headers;
        var nominated = incoming.Connection;
        var isFramedByEncoding = incoming.TransferEncoding.Count > 0;
        foreach (var (name, values) in incoming)
        {
            if (transforms is not null && !transforms.Passes(name))
                continue;
            if (!IsPassedOn(name, nominated))
                continue;
            if (dropsUnderscores && name.Contains('_'))
                continue;
            // RFC 9112, 6.3: Transfer-Encoding overrides Content-Length, and passing both on is how requests are smuggled.
            if (isFramedByEncoding && name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase))
                continue;
            Add(proxyRequest, name, values);
        }

        if (proxyRequest.Version == HttpVersion.Version20 && incoming.TE.ToString().Contains("trailers", StringComparison.OrdinalIgnoreCase))
            proxyRequest.Headers.TryAddWithoutValidation(HeaderNames.TE, "trailers");
    }

    private void AddForwardingHeaders(HttpContext context, HttpRequestMessage proxyRequest)
    {
        var headers = proxyRequest.Headers;
        var host = context.Request.Headers.Host.ToString();
        var client = ClientAddress(context.Connection.RemoteIpAddress);
        var proto = context.Request.IsHttps ? "https" : "http";
        var forwarding = routing.Forwarding;
        var received = forwarding is null ? null : context.Features.Get<ReceivedConnection>();
        var forwardedHost = received?.ForwardedHost ?? host;
        headers.TryAddWithoutValidation("X-Forwarded-For", received?.FullChain ?? client);
        headers.TryAddWithoutValidation("X-Real-IP", client);
        headers.TryAddWithoutValidation("X-Forwarded-Proto", proto);
        headers.TryAddWithoutValidation("X-Forwarded-Host", forwardedHost);
        headers.TryAddWithoutValidation("X-Forwarded-Port", received?.ForwardedPort ?? Port(forwardedHost, context.Request.IsHttps));
        if (forwarding is null || forwarding.SendsRequestId(received))
            headers.TryAddWithoutValidation("X-Request-ID", context.TraceIdentifier);
        forwarding?.AddHeaders(context, received, headers);
        // After the marks of those who had the request before, which RFC 8586 wants kept.
        headers.TryAddWithoutValidation(LoopGuard.Header, LoopGuard.Mark);
    }

    /// <summary>Adds a header to a request, beside others of its name.</summary>
    public static void Add(HttpRequestMessage request, string name, StringValues values)
    {
        if (values.Count == 1 ? request.Headers.TryAddWithoutValidation(name, values[0]) : request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            return;
        // Headers that describe a body, on a request that has none (for example Content-Type on GET), still pass: YARP makes the content
        // that it allows there, and no other.
        if (request.Content is { } content)
            content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        else
            RequestTransform.AddHeader(new RequestTransformContext { ProxyRequest = request }, name, values);
    }

    /// <summary>Whether a header that a client sent may be passed on at all.</summary>
    /// <param name="name">The header.</param>
    /// <param name="connection">The client's Connection header, which may take others away.</param>
    public static bool IsPassedOn(string name, StringValues connection) =>
        !IsHopByHop(name) && !IsNotForClients(name) && (connection.Count == 0 || !IsNominated(connection, name));

    public static string ClientAddress(IPAddress? address) =>
        (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString() ?? "";

    /// <summary>The port the client used: the one in its Host, else its scheme's; the port this process listens on is nobody's business.</summary>
    public static string Port(string host, bool isHttps)
    {
        var colon = host.LastIndexOf(':');
        return colon > 0 && host[^1] != ']' && ushort.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? host[(colon + 1)..]
            : isHttps ? "443" : "80";
    }

    private static bool IsNominated(StringValues connection, string name)
    {
        foreach (var value in connection)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                if (value.AsSpan()[range].Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                    return !IsProtected(name);
            }
        }

        return false;
    }

    /// <summary>Headers that a Connection header cannot take away: without them a request means something else, or goes round for ever.</summary>
    private static bool IsProtected(string name) =>
        name.Equals(HeaderNames.Host, StringComparison.OrdinalIgnoreCase)
        || name.Equals(LoopGuard.Header, StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase);

    private static bool IsHopByHop(string name) => name.Length switch
    {
        2 => name.Equals(HeaderNames.TE, StringComparison.OrdinalIgnoreCase),
        7 => name.Equals(HeaderNames.Upgrade, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.Trailer, StringComparison.OrdinalIgnoreCase),
        10 => name.Equals(HeaderNames.Connection, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.KeepAlive, StringComparison.OrdinalIgnoreCase),
        14 => name.Equals("HTTP2-Settings", StringComparison.OrdinalIgnoreCase),
        16 => name.Equals(HeaderNames.ProxyConnection, StringComparison.OrdinalIgnoreCase),
        17 => name.Equals(HeaderNames.TransferEncoding, StringComparison.OrdinalIgnoreCase),
        18 => name.Equals(HeaderNames.ProxyAuthenticate, StringComparison.OrdinalIgnoreCase),
        19 => name.Equals(HeaderNames.ProxyAuthorization, StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    /// <summary>
    /// Headers that no client may set, because backends trust them: those that tell where a request came from, of which only ours
    /// reach the backend, those that other proxies put in their place, and Proxy, which CGI turns into HTTP_PROXY (httpoxy). CGI and
    /// its heirs (WSGI, Rack, PHP) read <c>X_Real_IP</c> as the same variable as <c>X-Real-IP</c>, so an underscore makes no difference.
    /// </summary>
    private static bool IsNotForClients(string name)
    {
        if (name.Length == 0 || (name[0] | 0x20) is not ('x' or 'f' or 'p'))
            return false;
        var dashed = name.Contains('_') ? name.Replace('_', '-') : name;
        return dashed.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
            || dashed.StartsWith("X-Original-Forwarded-", StringComparison.OrdinalIgnoreCase)
            || dashed.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase)
            || dashed.Equals("X-Request-ID", StringComparison.OrdinalIgnoreCase)
            || dashed.Equals("X-Scheme", StringComparison.OrdinalIgnoreCase)
            || dashed.Equals("Forwarded", StringComparison.OrdinalIgnoreCase)
            || dashed.Equals("Proxy", StringComparison.OrdinalIgnoreCase);
    }
}
