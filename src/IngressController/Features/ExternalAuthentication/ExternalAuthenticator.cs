using System.Net;
using System.Text;
using IngressController.Configuration;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;
using IngressController.Routing.Table;
using IngressController.Signals;
using IngressController.Upstream;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>
/// Asks authentication services. Where they are says a tenant, so what is true for ExternalName Services is true for them: addresses of
/// this machine, of its link and of the cloud's metadata are refused, and certificates are verified.
/// </summary>
internal sealed partial class ExternalAuthenticator : IDisposable
{
    /// <summary>nginx's default; the time-outs of backends do not count here.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpMessageInvoker _http;
    private readonly HttpMessageInvoker _https;
    private readonly TimeProvider _time;
    private readonly ILogger<ExternalAuthenticator> _logger;
    private readonly FailureLogLimit _failures;

    public ExternalAuthenticator(UpstreamOptions options, ResolveName resolve, TimeProvider time, ILogger<ExternalAuthenticator> logger)
    {
        var connector = new UpstreamConnector(options with { ConnectTimeout = Patience }, resolve, new OwnAddresses(OwnAddresses.OfInterfaces, time));
        _http = Client(connector, BackendProtocol.Http, options.NameLifetime);
        _https = Client(connector, BackendProtocol.Https, options.NameLifetime);
        _time = time;
        _logger = logger;
        _failures = new(time);
        Answers = new ExternalAuthCache(time);
    }

    /// <summary>Answers that are kept.</summary>
    public ExternalAuthCache Answers { get; }

    /// <summary>The service's answer; null when there is none that can be used, which is logged.</summary>
    public async Task<ExternalAuthAnswer?> AskAsync(
        ExternalAuthRequest question, ExternalAuthPolicy policy, ExternalAuthCacheKey? key, ProxyRequest request)
    {
        var (route, aborted) = (request.Route, request.Context.RequestAborted);
        using var patience = new CancellationTokenSource(Patience, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        try
        {
            using var response = await SendAsync(question, request, ended.Token);
            if (response is null)
                return Failed(route, policy, "its host cannot be built from this request");
            if (ExternalAuthAnswer.Read(response, policy) is not { } answer)
                return Failed(route, policy, "a header of its response contains control characters");
            if (key is { } kept)
                Answers.Keep(kept, policy.CacheDuration, response, answer);
            if (!answer.IsGranted && answer.Status is not (StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden))
                Failed(route, policy, $"it answered {answer.Status}; expected 2xx, 401 or 403");
            return answer;
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            return Failed(route, policy, patience.IsCancellationRequested ? $"no response within {Patience.TotalSeconds:0} s"
                : error.InnerException is { } inner && !error.Message.Contains(inner.Message, StringComparison.Ordinal) ? $"{error.Message} {inner.Message}" : error.Message);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _https.Dispose();
    }

    private async Task<HttpResponseMessage?> SendAsync(ExternalAuthRequest question, ProxyRequest request, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var message = question.Create(request, out var isHttps);
            if (message is null)
                return null;
            try
            {
                return await (isHttps ? _https : _http).SendAsync(message, cancellation);
            }
            catch (HttpRequestException error) when (attempt == 0 && message.Content is not null && error.HttpRequestError == HttpRequestError.ResponseEnded)
            {
                // A kept connection that the service closed meanwhile. Without content the client itself tries again.
            }
        }
    }

    private ExternalAuthAnswer? Failed(ProxyRoute route, ExternalAuthPolicy policy, string reason)
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
        ConnectCallback = (context, cancellation) => connector.ConnectAsync(new UpstreamTransport(protocol, IsExternal: true), context.DnsEndPoint, cancellation),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        PooledConnectionLifetime = nameLifetime,
        // KiB. Somebody else's service must not fill this process's memory with one answer.
        MaxResponseHeadersLength = 64,
        // Bodies are not used; a short one is read so that the connection can be, for a longer one it is closed.
        MaxResponseDrainSize = 64 * 1024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(2),
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    });

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Route}: the authentication service {Url} failed: {Reason} ({Suppressed} failures before it were not logged)")]
        public static partial void Failed(ILogger logger, RouteOrigin route, AuthUrl url, string reason, long suppressed);
    }
}
