using System.Net;
using System.Text;
using IngressController.Configuration;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Signals;
using IngressController.Upstream;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>
/// Calls authentication services. Tenants choose their URLs, so the rules of ExternalName Services apply: local, link-local and cloud
/// metadata addresses are refused, and certificates are verified.
/// </summary>
internal sealed partial class ExternalAuthenticator : IDisposable
{
    /// <summary>The default of nginx. Timeouts of backends do not apply.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpMessageInvoker _http;
    private readonly HttpMessageInvoker _https;
    private readonly TimeProvider _time;
    private readonly ILogger<ExternalAuthenticator> _logger;
    private readonly FailureLogLimit _failures;

    public ExternalAuthenticator(UpstreamOptions options, ResolveName resolve, TimeProvider time, ILogger<ExternalAuthenticator> logger)
    {
        var connector = new UpstreamConnector(options with { ConnectTimeout = RequestTimeout }, resolve, new InterfaceAddresses(InterfaceAddresses.ReadAll, time));
        _http = Client(connector, BackendProtocol.Http, options.NameLifetime);
        _https = Client(connector, BackendProtocol.Https, options.NameLifetime);
        _time = time;
        _logger = logger;
        _failures = new(time, logger);
        Cache = new ExternalAuthCache(time);
    }

    public ExternalAuthCache Cache { get; }

    /// <summary>Calls the service. Returns null without a usable response, and logs the failure.</summary>
    public async Task<ExternalAuthResult?> AuthenticateAsync(
        ExternalAuthRequest authRequest, ExternalAuthPolicy policy, ExternalAuthCacheKey? key, ProxyRequest request)
    {
        var (route, aborted) = (request.Route, request.Context.RequestAborted);
        using var timeout = new CancellationTokenSource(RequestTimeout, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, aborted);
        try
        {
            using var response = await SendAsync(authRequest, request, ended.Token);
            if (response is null)
                return Failed(route, policy, "its host cannot be built from this request");
            if (ExternalAuthResult.Read(response, policy) is not { } result)
                return Failed(route, policy, "a header of its response contains control characters");
            if (key is { } cacheKey)
                Cache.Store(cacheKey, policy.CacheDuration, response, result);
            if (!result.IsGranted && result.Status is not (StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden))
                Failed(route, policy, $"it answered {result.Status}; expected 2xx, 401 or 403");
            return result;
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            return Failed(route, policy, timeout.IsCancellationRequested ? $"no response within {RequestTimeout.TotalSeconds:0} s"
                : error.InnerException is { } inner && !error.Message.Contains(inner.Message, StringComparison.Ordinal) ? $"{error.Message} {inner.Message}" : error.Message);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _https.Dispose();
    }

    private async Task<HttpResponseMessage?> SendAsync(ExternalAuthRequest authRequest, ProxyRequest request, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var message = authRequest.Create(request, out var isHttps);
            if (message is null)
                return null;
            try
            {
                return await (isHttps ? _https : _http).SendAsync(message, cancellation);
            }
            catch (HttpRequestException error) when (attempt == 0 && message.Content is not null && error.HttpRequestError == HttpRequestError.ResponseEnded)
            {
                // The service has closed a pooled connection. Without content the HTTP client retries by itself.
            }
        }
    }

    private ExternalAuthResult? Failed(ProxyRoute route, ExternalAuthPolicy policy, string reason)
    {
        var origin = route.Definition.Origin;
        if (_failures.TryTake(origin.GetHashCode(), out var suppressed))
            Log.Failed(_logger, origin, policy.Url, reason, suppressed);
        return null;
    }

    private static HttpMessageInvoker Client(UpstreamConnector connector, BackendProtocol protocol, TimeSpan nameLifetime) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = (context, cancellation) => connector.ConnectAsync(new UpstreamTransport(protocol, IsExternal: true, UpstreamSettings.Default), context.DnsEndPoint, limit: null, cancellation),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        PooledConnectionLifetime = nameLifetime,
        // In KiB. A tenant's service must not exhaust memory with one response.
        MaxResponseHeadersLength = 64,
        // Bodies are not used. A short one is read so that the connection can be reused; for a longer one the connection is closed.
        MaxResponseDrainSize = 64 * 1024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(2),
        RequestHeaderEncodingSelector = RequestHead.EncodingOf,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    });

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Route}: the authentication service {Url} failed: {Reason} ({Suppressed} earlier failures not logged)")]
        public static partial void Failed(ILogger logger, RouteOrigin route, AuthUrl url, string reason, long suppressed);
    }
}
