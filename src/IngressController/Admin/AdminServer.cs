using IngressController.Configuration;
using IngressController.Explain;
using IngressController.Listeners;
using IngressController.Metrics;
using IngressController.Views;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IngressController.Admin;

/// <summary>
/// The admin port, which serves health, metrics and the live state. It is a separate server, so that probes are answered under any load on
/// the proxy ports, and no request on these ports reaches it.
/// </summary>
internal sealed class AdminServer(ListenerOptions options, HealthState health, LiveState live, MetricsPage metrics, Explainer explainer, ILoggerFactory loggers)
    : IHostedService, IAsyncDisposable
{
    private WebApplication? _app;

    /// <summary>The port that it listens on, after the start.</summary>
    public int Port { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenOn(options.BindAddress, options.AdminPort, listen => listen.Protocols = HttpProtocols.Http1);
        });
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync(cancellationToken);
        Port = _app.BoundPort("http");
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "GET, HEAD";
            return Task.CompletedTask;
        }

        return context.Request.Path.Value switch
        {
            "/healthz" => TextAsync(context, StatusCodes.Status200OK, "ok\n"),
            "/readyz" => health.NotReadyReason is { } reason
                ? TextAsync(context, StatusCodes.Status503ServiceUnavailable, $"not ready: {reason}\n")
                : TextAsync(context, StatusCodes.Status200OK, "ok\n"),
            "/metrics" => TextAsync(context, StatusCodes.Status200OK, metrics.Write(), PrometheusText.ContentType),
            "/api/routes" => context.Response.AnswerJsonAsync(live.Routes()),
            "/api/backends" => context.Response.AnswerJsonAsync(live.Backends()),
            "/api/certificates" => context.Response.AnswerJsonAsync(live.Certificates()),
            "/api/diagnostics" => context.Response.AnswerJsonAsync(live.Diagnostics()),
            "/api/leader" => context.Response.AnswerJsonAsync(live.Leader()),
            "/api/explain" => ExplainAsync(context),
            "/" => TextAsync(context, StatusCodes.Status200OK,
                "/healthz\n/readyz\n/metrics\n/api/routes\n/api/backends\n/api/certificates\n/api/diagnostics\n/api/leader\n/api/explain?url=URL[&method=METHOD][&header=NAME:VALUE]...[&client=IP]\n"),
            _ => TextAsync(context, StatusCodes.Status404NotFound, "not found; GET / lists the pages\n"),
        };
    }

    private async Task ExplainAsync(HttpContext context)
    {
        var query = context.Request.Query;
        ExplainRequest request;
        try
        {
            var url = query["url"].ToString();
            if (url.Length == 0)
                throw new FormatException("url is missing; use /api/explain?url=http://HOST/PATH, percent-encoded");
            request = ExplainRequest.Parse(
                url, query["method"].LastOrDefault(), query["header"].Select(header => header ?? ""), query["client"].LastOrDefault());
        }
        catch (FormatException error)
        {
            await TextAsync(context, StatusCodes.Status400BadRequest, $"{error.Message}\n");
            return;
        }

        await context.Response.AnswerJsonAsync(await explainer.ExplainAsync(request, context.RequestAborted));
    }

    private static Task TextAsync(HttpContext context, int status, string text, string contentType = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(text);
    }
}
