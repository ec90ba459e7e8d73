using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IngressController.Kubernetes.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace IngressController.Benchmarks;

/// <summary>
/// Resident memory and time to ready of the real program with many Ingresses: it runs as a process of its own, against an API server
/// that streams generated lists.
/// </summary>
internal static class MemoryReport
{
    public static async Task<int> RunAsync(int ingresses)
    {
        await using var api = await StartApiServerAsync(ingresses);
        var kubeconfig = Path.GetTempFileName();
        await File.WriteAllTextAsync(kubeconfig, $$"""
            {"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"} }],
             "clusters":[{"name":"c","cluster":{"server":"{{api.Urls.First()}}"} }],"users":[{"name":"u","user":{} }]}
            """);
        var adminPort = FreePort();
        var start = Stopwatch.GetTimestamp();
        using var controller = Process.Start(new ProcessStartInfo("dotnet",
            [
                typeof(Cli.RunOption).Assembly.Location, "run", "--kubeconfig", kubeconfig, "--bind-address", "127.0.0.1",
                "--http-port", "0", "--https-port", "0", "--admin-port", $"{adminPort}",
            ])) ?? throw new InvalidOperationException("the controller did not start");
        try
        {
            using var client = new HttpClient();
            while (!await IsReadyAsync(client, adminPort))
                await Task.Delay(20);
            var ready = Stopwatch.GetElapsedTime(start);
            var atReady = ResidentMiB(controller);
            await Task.Delay(TimeSpan.FromSeconds(15));
            Console.WriteLine($"{ingresses} Ingresses: ready after {ready.TotalSeconds:0.0} s, {atReady:0} MiB resident then, {ResidentMiB(controller):0} MiB 15 s later");
            return 0;
        }
        finally
        {
            controller.Kill();
            File.Delete(kubeconfig);
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, int port)
    {
        try
        {
            return (await client.GetAsync($"http://127.0.0.1:{port}/readyz")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // not listening yet
        }
    }

    private static double ResidentMiB(Process process)
    {
        process.Refresh();
        return process.WorkingSet64 / 1024.0 / 1024.0;
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<WebApplication> StartApiServerAsync(int count)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(context => context.Request.Query.ContainsKey("watch")
            ? WatchAsync(context)
            : context.Request.Path.Value!.Split('/')[^1] switch
            {
                "ingresses" => ListAsync(context, count, i => LargeCluster.Ingress(i, 2), KubernetesJsonContext.Default.V1Ingress),
                "services" => ListAsync(context, count, LargeCluster.Service, KubernetesJsonContext.Default.V1Service),
                "endpointslices" => ListAsync(context, count, i => LargeCluster.Slice(i, 0), KubernetesJsonContext.Default.V1EndpointSlice),
                "ingressclasses" => ListAsync(context, 1, _ => LargeCluster.Create(0, 0).IngressClasses["yarp"], KubernetesJsonContext.Default.V1IngressClass),
                _ => ListAsync(context, 0, _ => new V1Secret(), KubernetesJsonContext.Default.V1Secret),
            });
        await app.StartAsync();
        return app;
    }

    private static async Task WatchAsync(HttpContext context)
    {
        if (context.Request.Query.ContainsKey("sendInitialEvents"))
        {
            context.Response.StatusCode = 422;
            await context.Response.WriteAsync("""{"kind":"Status","status":"Failure","reason":"Invalid","code":422,"message":"sendInitialEvents is forbidden"}""");
            return;
        }

        await context.Response.Body.FlushAsync();
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static async Task ListAsync<T>(HttpContext context, int count, Func<int, T> item, JsonTypeInfo<T> type)
    {
        await context.Response.WriteAsync("""{"metadata":{"resourceVersion":"1"},"items":[""");
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                await context.Response.WriteAsync(",");
            await context.Response.WriteAsync(JsonSerializer.Serialize(item(i), type));
        }

        await context.Response.WriteAsync("]}");
    }
}
