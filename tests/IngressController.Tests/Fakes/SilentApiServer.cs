using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Tests.Fakes;

/// <summary>An API server of an empty cluster that holds back the lists of some kinds until they are opened.</summary>
internal sealed class SilentApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _closed = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _answered = new(0);
    private readonly CancellationTokenSource _stop = new();

    private SilentApiServer(WebApplication app) => _app = app;

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<SilentApiServer> StartAsync(params string[] closed)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = new SilentApiServer(builder.Build());
        foreach (var plural in closed)
            server._closed[plural] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        return server;
    }

    public void Open(string plural) => _closed[plural].TrySetResult();

    /// <summary>Completes when a number of lists has been sent.</summary>
    public async Task UntilAnsweredAsync(int count)
    {
        for (; count > 0; count--)
            await _answered.WaitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        try
        {
            if (_closed.TryGetValue(context.Request.Path.Value!.Split('/')[^1], out var gate))
                await gate.Task.WaitAsync(stop.Token);
            context.Response.ContentType = "application/json";
            // A watch that begins with all objects (KEP-3157), of which there are none.
            await context.Response.WriteAsync(
                """{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1","annotations":{"k8s.io/initial-events-end":"true"}}}}""" + "\n", stop.Token);
            await context.Response.Body.FlushAsync(stop.Token);
            _answered.Release();
            await Task.Delay(Timeout.Infinite, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The client is gone, or the test is over.
        }
    }
}
