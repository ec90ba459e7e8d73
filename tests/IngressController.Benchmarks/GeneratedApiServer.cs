using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IngressController.Kubernetes.Serialization;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace IngressController.Benchmarks;

/// <summary>
/// An API server with generated objects. It generates all responses before the first request, because it shares the CPU cores with the
/// controller whose start is measured.
/// </summary>
internal sealed class GeneratedApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, byte[]> _responses = new(StringComparer.Ordinal);

    private GeneratedApiServer(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    /// <param name="ingresses">The number of Ingresses.</param>
    /// <param name="tls">True if each Ingress has its own Secret.</param>
    public static async Task<GeneratedApiServer> StartAsync(int ingresses, bool tls)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = new GeneratedApiServer(builder.Build());
        server.Generate(ingresses, tls);
        server._app.Run(server.RespondAsync);
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Generate(int ingresses, bool tls)
    {
        var secrets = Enumerable.Range(0, tls ? ingresses : 0).AsParallel().AsOrdered().Select(LargeCluster.Secret).ToArray();
        AddList("ingresses", ingresses, i => LargeCluster.Ingress(i, 2, tls: tls), ApiJson.Of<V1Ingress>());
        AddList("services", ingresses, LargeCluster.Service, ApiJson.Of<V1Service>());
        AddList("endpointslices", ingresses, i => LargeCluster.Slice(i, 0), ApiJson.Of<V1EndpointSlice>());
        AddList("ingressclasses", 1, _ => LargeCluster.Create(0, 0).IngressClasses["yarp"], ApiJson.Of<V1IngressClass>());
        AddList("configmaps", 0, _ => new V1ConfigMap(), ApiJson.Of<V1ConfigMap>());
        AddList(
            "secrets", secrets.Length, i => new PartialObjectMetadata { Metadata = secrets[i].Metadata }, ApiJson.Of<PartialObjectMetadata>());
        foreach (var secret in secrets)
            _responses[secret.Metadata!.Name!] = JsonSerializer.SerializeToUtf8Bytes(secret, ApiJson.Of<V1Secret>());
    }

    private void AddList<T>(string name, int count, Func<int, T> item, JsonTypeInfo<T> type)
    {
        using var list = new MemoryStream();
        list.Write("""{"metadata":{"resourceVersion":"1"},"items":["""u8);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                list.WriteByte((byte)',');
            JsonSerializer.Serialize(list, item(i), type);
        }

        list.Write("]}"u8);
        _responses[name] = list.ToArray();
    }

    private async Task RespondAsync(HttpContext context)
    {
        if (context.Request.Query.ContainsKey("sendInitialEvents"))
        {
            context.Response.StatusCode = 422;
            await context.Response.WriteAsync("""{"kind":"Status","status":"Failure","reason":"Invalid","code":422,"message":"sendInitialEvents is forbidden"}""");
        }
        else if (context.Request.Query.ContainsKey("watch"))
        {
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        }
        else
        {
            await context.Response.Body.WriteAsync(_responses[context.Request.Path.Value!.Split('/')[^1]]);
        }
    }
}
