using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IngressController.Kubernetes.Serialization;

namespace IngressController.ClusterTests.Fixture;

/// <summary>Writes manifests as kubectl does, independently of the client under test.</summary>
internal sealed class ClusterClient : IDisposable
{
    public ClusterClient(Uri server, string token)
    {
        // The server of the test creates its certificate at startup, and no one is on the path.
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new() { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
        };
        Http = new HttpClient(handler) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(15) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public HttpClient Http { get; }

    /// <summary>Creates or changes the objects of a YAML text (server-side apply).</summary>
    /// <param name="manifests">One or more documents.</param>
    /// <param name="namespace">The namespace of objects that do not name one.</param>
    public async Task ApplyAsync(string manifests, string? @namespace = null)
    {
        foreach (var item in Read(manifests))
            await ApplyAsync(item, @namespace);
    }

    /// <summary>Creates or changes one object; as a dry run, only checks that it would be accepted.</summary>
    /// <returns>The warnings of the API server.</returns>
    public Task<string[]> ApplyAsync(JsonObject item, string? @namespace = null, bool dryRun = false) => SendAsync(
        HttpMethod.Patch, $"{PathOf(item, @namespace)}?fieldManager=test&force=true{(dryRun ? "&dryRun=All" : "")}", item, "application/apply-patch+yaml");

    /// <summary>Creates objects without server-side apply.</summary>
    public async Task CreateAsync(string manifests, string @namespace)
    {
        foreach (var item in Read(manifests))
        {
            var path = PathOf(item, @namespace);
            await SendAsync(HttpMethod.Post, path[..path.LastIndexOf('/')], item, "application/json");
        }
    }

    /// <summary>Writes <c>status.loadBalancer.ingress</c> as a controller does.</summary>
    /// <param name="path">The path of the object.</param>
    /// <param name="addresses">The list, as JSON.</param>
    /// <param name="manager">The field manager.</param>
    public Task WriteStatusAsync(string path, string addresses, string manager) => SendAsync(
        HttpMethod.Patch, $"{path}/status?fieldManager={manager}",
        new JsonObject { ["status"] = new JsonObject { ["loadBalancer"] = new JsonObject { ["ingress"] = JsonNode.Parse(addresses) } } }, "application/merge-patch+json");

    /// <summary>Deletes the objects of a YAML text; only their names matter.</summary>
    public async Task DeleteAsync(string manifests, string? @namespace = null)
    {
        foreach (var item in Read(manifests))
            await DeleteAsync(item, @namespace);
    }

    public Task DeleteAsync(JsonObject item, string? @namespace = null) => SendAsync(HttpMethod.Delete, PathOf(item, @namespace), body: null);

    /// <summary>
    /// Returns true if the API server knows the path. It answers 429 while it prepares the storage of a new kind: not yet.
    /// </summary>
    public async Task<bool> ExistsAsync(string path)
    {
        using var answer = await Http.GetAsync(path);
        return answer.StatusCode switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.NotFound or HttpStatusCode.TooManyRequests => false,
            _ => throw new HttpRequestException($"GET {path}: {answer.StatusCode}"),
        };
    }

    /// <summary>Adds discovery.k8s.io/v1 to an API server older than 1.21, as a custom resource without a schema.</summary>
    /// <returns>True if the server had none.</returns>
    public async Task<bool> AddEndpointSlicesAsync()
    {
        if (await ExistsAsync("/apis/discovery.k8s.io/v1"))
            return false;
        await ApplyAsync(await File.ReadAllTextAsync(ClusterAssets.EndpointSlicesCrd));
        await Wait.UntilAsync(() => ExistsAsync("/apis/discovery.k8s.io/v1/endpointslices"), "discovery.k8s.io/v1 is served");
        return true;
    }

    public void Dispose() => Http.Dispose();

    private static IEnumerable<JsonObject> Read(string manifests) =>
        KubernetesYaml.LoadAll(new StringReader(manifests)).Select(document => document.Root!.AsObject());

    /// <summary>Returns the reason why the API server would reject an object, or null if it would create it; nothing is written.</summary>
    public async Task<string?> RejectionReasonAsync(string manifest, string @namespace)
    {
        var item = Read(manifest).Single();
        var path = PathOf(item, @namespace);
        using var answer = await Http.PostAsync($"{path[..path.LastIndexOf('/')]}?dryRun=All", new StringContent(item.ToJsonString(), Encoding.UTF8, "application/json"));
        if (answer.StatusCode == HttpStatusCode.UnprocessableEntity)
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["message"]!.GetValue<string>();
        answer.EnsureSuccessStatusCode();
        return null;
    }

    /// <returns>The warnings of the API server: the text of each <c>299 - "..."</c>.</returns>
    private async Task<string[]> SendAsync(HttpMethod method, string path, JsonObject? body, string mediaType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)) { Headers = { ContentType = new(mediaType) } };
        using var answer = await Http.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"{method} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}\n{body}");
        return [.. answer.Headers.Warning.Select(warning => warning.Text.Trim('"'))];
    }

    private static string PathOf(JsonObject item, string? @namespace)
    {
        var apiVersion = item["apiVersion"]!.GetValue<string>();
        var kind = item["kind"]!.GetValue<string>();
        var metadata = item["metadata"]!.AsObject();
        var path = new StringBuilder(apiVersion.Contains('/') ? $"/apis/{apiVersion}" : $"/api/{apiVersion}");
        if (kind is not ("Namespace" or "Node" or "IngressClass" or "ClusterRole" or "ClusterRoleBinding" or "CustomResourceDefinition" or "ValidatingWebhookConfiguration"))
        {
            var space = metadata["namespace"]?.GetValue<string>() ?? @namespace ?? throw new InvalidOperationException($"{kind} without a namespace");
            metadata["namespace"] = space;
            path.Append($"/namespaces/{space}");
        }

        return path.Append($"/{Plural(kind)}/{metadata["name"]}").ToString();
    }

    private static string Plural(string kind)
    {
        var name = kind.ToLowerInvariant();
        return name.EndsWith('s') ? $"{name}es" : name.EndsWith('y') ? $"{name[..^1]}ies" : $"{name}s";
    }
}
