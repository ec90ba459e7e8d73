using System.Net.Http.Json;
using System.Text;
using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.BackendTls;

/// <summary>A controller with backends above TLS.</summary>
public class BackendTlsProxy : ProxyFixture
{
    private int _names;

    internal string NewName() => $"tls{Interlocked.Increment(ref _names)}";

    /// <summary>Serves a backend with annotations under a new host, and returns the host.</summary>
    internal async Task<string> ServeAsync(TlsBackend backend, string objects, params (string Name, string Value)[] annotations)
    {
        var name = NewName();
        await AddAsync(objects + Manifests.Service(name, [backend.Port]) + AnnotatedIngress.Manifest(
            name, $"{name}.example", name, annotations.Any(annotation => annotation.Name == "backend-protocol") ? annotations : [.. annotations, ("backend-protocol", "HTTPS")]));
        return $"{name}.example";
    }

    internal async Task<int> StatusAsync(string host)
    {
        using var response = await Controller.Client.GetAsync($"http://{host}/");
        return (int)response.StatusCode;
    }

    internal async Task<TlsBackendView> ViewAsync(string host, string scheme = "http")
    {
        using var response = await Controller.Client.GetAsync($"{scheme}://{host}/");
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        return (await response.Content.ReadFromJsonAsync<TlsBackendView>())!;
    }

    /// <summary>All that an operator can read, and the log.</summary>
    internal async Task<string> OutputAsync(string host)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Controller.AdminPort}") };
        var text = new StringBuilder();
        foreach (var page in (string[])["/api/certificates", "/api/diagnostics", "/api/routes", "/api/backends", "/metrics", $"/api/explain?url=https://{host}/"])
            text.AppendLine(await client.GetStringAsync(page));
        foreach (var line in Controller.Log.All)
            text.AppendLine(line);
        await Controller.UntilAsync(live =>
        {
            text.AppendLine($"{live} {live.Table} {live.Snapshot}");
            foreach (var backend in live.Table.Backends.Values)
                text.AppendLine($"{backend} {backend.Id.Tls?.ClientCertificate}");
            return true;
        });
        return text.ToString();
    }
}

/// <summary>The same with the HTTP client of .NET for HTTP/1.1.</summary>
public sealed class BackendTlsProxyByHttpClient : BackendTlsProxy
{
    public override IngressOptions Configure(IngressOptions options)
    {
        options = base.Configure(options);
        return options with { Upstream = options.Upstream with { DirectForwarding = false } };
    }
}
