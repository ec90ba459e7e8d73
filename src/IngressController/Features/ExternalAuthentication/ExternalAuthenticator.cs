using IngressController.Configuration;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;
using IngressController.Signals;
using IngressController.Upstream;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>Calls authentication services.</summary>
internal sealed partial class ExternalAuthenticator : IDisposable
{
    /// <summary>The default of nginx. Timeouts of backends do not apply.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);

    private readonly TenantHttp _http;
    private readonly TimeProvider _time;
    private readonly ILogger<ExternalAuthenticator> _logger;
    private readonly FailureLogLimit _failures;

    public ExternalAuthenticator(UpstreamOptions options, ResolveName resolve, TimeProvider time, ILogger<ExternalAuthenticator> logger)
    {
        _http = new TenantHttp(options, RequestTimeout, resolve, time);
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

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage?> SendAsync(ExternalAuthRequest authRequest, ProxyRequest request, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var message = authRequest.Create(request, out var isHttps);
            if (message is null)
                return null;
            try
            {
                return await _http.Client(isHttps).SendAsync(message, cancellation);
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

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Route}: the authentication service {Url} failed: {Reason} ({Suppressed} earlier failures not logged)")]
        public static partial void Failed(ILogger logger, RouteOrigin route, AuthUrl url, string reason, long suppressed);
    }
}
