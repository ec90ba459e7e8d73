using IngressController.Configuration;
using IngressController.Pipeline;
using IngressController.Routing.Table;
using IngressController.Signals;
using IngressController.Upstream;
using Yarp.ReverseProxy.Model;

namespace IngressController.Features.ErrorPages;

/// <summary>Gets pages from Services.</summary>
internal sealed partial class ErrorPageClient(LocalReplies replies, UpstreamOptions options, TimeProvider time, ILogger<ErrorPageClient> logger)
{
    private const int MaxTries = 3;

    /// <summary>The time until a page begins. The client has often waited for the backend before.</summary>
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(10);

    private readonly FailureLogLimit _failures = new(time, logger);

    /// <summary>Writes the page of a status. False if there is none; then nothing has been written.</summary>
    public async Task<bool> TryWriteAsync(ProxyRequest request, UpstreamCluster cluster, int status, bool keepsStatus)
    {
        var aborted = request.Context.RequestAborted;
        using var timeout = new CancellationTokenSource(HeadTimeout, time);
        await using var registration = aborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
        try
        {
            using var page = await SendAsync(request, cluster, status, timeout.Token);
            await new ErrorPageResponse(request, page, replies, timeout, options.ReadTimeout).WriteAsync(keepsStatus ? status : (int)page.StatusCode);
            return true;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or InvalidOperationException)
        {
            if (!aborted.IsCancellationRequested)
                Report(request, cluster, error, timeout.IsCancellationRequested);
            return false;
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(ProxyRequest request, UpstreamCluster cluster, int status, CancellationToken cancellation)
    {
        var model = cluster.Current;
        var failed = new List<DestinationState>();
        var destination = cluster.Next(model);
        while (destination is not null)
        {
            try
            {
                return await SendAsync(request, model, destination, status, cancellation);
            }
            catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConnectionError && failed.Count < MaxTries - 1)
            {
                cluster.MarkUnreachable(destination);
                failed.Add(destination);
                if (cluster.Other(model, failed) is not { } other)
                    throw;
                destination = other;
            }
        }

        throw new HttpRequestException(HttpRequestError.ConnectionError, "it has no endpoint");
    }

    private static async Task<HttpResponseMessage> SendAsync(
        ProxyRequest request, UpstreamModel model, DestinationState destination, int status, CancellationToken cancellation)
    {
        using var message = ErrorPageRequest.Create(request, status, model, destination.Model.Config.Address);
        var page = await model.ClientFor(request.Context).SendAsync(message, cancellation);
        if ((int)page.StatusCode is >= StatusCodes.Status200OK and <= 599)
            return page;
        page.Dispose();
        throw new HttpRequestException(HttpRequestError.InvalidResponse, $"it answered with status {(int)page.StatusCode}");
    }

    private void Report(ProxyRequest request, UpstreamCluster cluster, Exception error, bool isLate)
    {
        var origin = request.Route.Definition.Origin;
        if (_failures.TryTake(HashCode.Combine(origin, cluster.Id), out var suppressed))
            Log.Failed(logger, origin, cluster.Id, isLate ? "it was too slow" : error.Message, suppressed);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Route}: no error page from {Backend}: {Reason} ({Suppressed} earlier failures not logged)")]
        public static partial void Failed(ILogger logger, RouteOrigin route, BackendId backend, string reason, long suppressed);
    }
}
