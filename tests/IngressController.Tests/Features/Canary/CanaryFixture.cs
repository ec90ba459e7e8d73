using System.Text.Json;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Canary;

/// <summary>A controller with four Services, whose backends answer with their names; one Service has no endpoint.</summary>
public sealed class CanaryFixture : ProxyFixture, IAsyncLifetime
{
    private readonly WireBackend[] _backends = [.. Services.Select(name => WireBackend.Answer(WireBackend.Ok(name)))];
    private int _hosts;

    internal static string[] Services => ["main", "next", "beta", "gamma"];

    /// <summary>A new host.</summary>
    internal string NewHost() => $"c{Interlocked.Increment(ref _hosts)}.example";

    /// <summary>Serves a new host with the main Service and a canary with the Service next.</summary>
    internal async Task<string> ServeAsync(params (string Name, string Value)[] rules)
    {
        var host = NewHost();
        await AddAsync(MainOf(host) + CanaryOf(host, "next", rules));
        return host;
    }

    internal static string MainOf(string host, string service = "main", string path = "/", string pathType = "Prefix", string? annotations = null) =>
        Manifests.Ingress($"main-{host}", host, service, path, pathType, annotations: annotations);

    /// <summary>A canary under nginx's prefix; younger than those before.</summary>
    internal static string CanaryOf(string host, string service, params (string Name, string Value)[] rules) => CanaryAt(host, service, "/", "Prefix", rules);

    internal static string CanaryAt(string host, string service, string path, string pathType, params (string Name, string Value)[] rules) =>
        Manifests.Ingress($"{service}-{host}", host, service, path, pathType, annotations: "").Replace(
            "annotations: {}",
            $"annotations: {{{string.Join(", ", rules.Prepend(("canary", "true")).Select(rule => $"\"nginx.ingress.kubernetes.io/{rule.Item1}\": {JsonSerializer.Serialize(rule.Item2)}"))}}}",
            StringComparison.Ordinal);

    /// <summary>The same objects in a namespace.</summary>
    internal static string In(string @namespace, string manifests) =>
        manifests.Replace("metadata: {name:", $"metadata: {{namespace: {@namespace}, name:", StringComparison.Ordinal);

    /// <summary>The name of the backend that answers.</summary>
    internal async Task<string> AskAsync(string host, string fields = "", string target = "/")
    {
        var response = await GetAsync(host, target, fields);
        return response.Status == 200 ? response.Body : $"{response.Status}";
    }

    /// <summary>The port of a Service's backend.</summary>
    internal int PortOf(string service) => _backends[Array.IndexOf(Services, service)].Port;

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await AddAsync(string.Concat(Services.Select(name => Manifests.Service(name, [PortOf(name)]))) + Manifests.Service("none", []));
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        foreach (var backend in _backends)
            await backend.DisposeAsync();
    }
}
