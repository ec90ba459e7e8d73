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
    /// <param name="ingresses">How many.</param>
    /// <param name="tls">Whether each names a Secret of its own.</param>
    public static async Task<int> RunAsync(int ingresses, bool tls)
    {
        var secrets = Enumerable.Range(0, tls ? ingresses : 0).AsParallel().AsOrdered().Select(LargeCluster.Secret).ToArray();
        await using var api = await StartApiServerAsync(ingresses, secrets);
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
            Console.WriteLine($"{ingresses} Ingresses, {secrets.Length} Secrets: ready after {ready.TotalSeconds:0.0} s, {atReady:0} MiB resident then, {ResidentMiB(controller):0} MiB 15 s later");
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

    private static async Task<WebApplication> StartApiServerAsync(int count, V1Secret[] secrets)
    {
        var byName = secrets.ToDictionary(secret => secret.Metadata!.Name!, StringComparer.Ordinal);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(context => context.Request.Query.ContainsKey("watch")
            ? WatchAsync(context)
            : context.Request.Path.Value!.Split('/')[^1] switch
            {
                "ingresses" => ListAsync(context, count, i => LargeCluster.Ingress(i, 2, tls: secrets.Length > 0, status: true), KubernetesJsonContext.Default.V1Ingress),
                "services" => ListAsync(context, count, LargeCluster.Service, KubernetesJsonContext.Default.V1Service),
                "endpointslices" => ListAsync(context, count, i => LargeCluster.Slice(i, 0), KubernetesJsonContext.Default.V1EndpointSlice),
                "ingressclasses" => ListAsync(context, 1, _ => LargeCluster.Create(0, 0).IngressClasses["yarp"], KubernetesJsonContext.Default.V1IngressClass),
                "configmaps" => ListAsync(context, 0, _ => new V1ConfigMap(), KubernetesJsonContext.Default.V1ConfigMap),
                "secrets" => ListAsync(
                    context, secrets.Length, i => new PartialObjectMetadata { Metadata = secrets[i].Metadata }, KubernetesJsonContext.Default.PartialObjectMetadata),
                var name => context.Response.WriteAsync(JsonSerializer.Serialize(byName[name], KubernetesJsonContext.Default.V1Secret)),
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
