using System.Text.Json;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using IngressController.Tests.Fakes;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Kubernetes;

/// <summary>Objects reduced to their metadata, and single objects by name.</summary>
public sealed class MetadataTests : IAsyncLifetime
{
    private const string Secret = """
        apiVersion: v1
        kind: Secret
        metadata:
          name: tls
          namespace: team
          labels: {a: b}
          annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data":{"tls.key":"c2VjcmV0"}}'}
        type: kubernetes.io/tls
        data: {tls.key: c2VjcmV0}
        """;

    private readonly ManualTimeProvider _time = new();
    private FakeApiServer _server = null!;
    private ApiServerConnection _client = null!;

    public async Task InitializeAsync()
    {
        _server = await FakeApiServer.CreateAsync();
        _client = new ApiServerConnection(_server.Configuration, _time);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_list_asks_for_metadata_and_accepts_whole_objects()
    {
        _server.Upsert(Secret);
        var item = Assert.Single(await ListAsync());
        RequireIdentity(item);
        Assert.Equal(
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json", _server.Requests.Single().Headers["Accept"]);

        _server.Intercept(_ => true, context => context.Response.WriteAsync(
            """{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"annotations":{"a":"b"},"uid":"u","name":"whole","namespace":null,"resourceVersion":"7"},"data":{"a":"c2VjcmV0"}}]}"""));
        Assert.Equal("whole 7", string.Join(' ', (await ListAsync()).Select(found => $"{found.Metadata!.Name} {found.Metadata.ResourceVersion}")));
    }

    [Fact]
    public async Task A_watch_asks_for_metadata()
    {
        var request = new WatchRequest { ResourceVersion = _server.ResourceVersion, Timeout = TimeSpan.FromMinutes(1) };
        using var stream = await _client.WatchAsync(ResourceTypes.SecretMetadata, request, CancellationToken.None);
        _server.Upsert(Secret);
        await foreach (var change in stream.ReadAllAsync())
        {
            RequireIdentity(Assert.IsType<WatchEvent<PartialObjectMetadata>.Applied>(change).Object);
            break;
        }

        Assert.Equal("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json", _server.Requests.Single().Headers["Accept"]);
    }

    [Theory]
    [InlineData("""{"metadata":[]}""")]
    [InlineData("""{"metadata":{"name":7}}""")]
    [InlineData("""{"metadata":{"name":"n","namespace":{}}}""")]
    public void Malformed_metadata_does_not_decode(string json) => Assert.ThrowsAny<Exception>(
        () => JsonSerializer.Deserialize(json, ApiJson.Of<PartialObjectMetadata>()));

    [Fact]
    public async Task An_object_is_read_by_its_name()
    {
        _server.Upsert(Secret);
        var found = await GetAsync("tls");
        Assert.Equal("secret", System.Text.Encoding.UTF8.GetString(found!.Data!["tls.key"]));
        Assert.Null(await GetAsync("other"));
        Assert.Null(await GetAsync("tls", "elsewhere"));
    }

    [Fact]
    public async Task An_error_response_and_another_object_are_errors()
    {
        _server.Fail(_ => true, 403, "Forbidden");
        Assert.True((await Assert.ThrowsAsync<ApiServerException>(() => GetAsync("tls"))).IsForbidden);
        foreach (var body in new[] { "<html>", "null", "{}", """{"metadata":{"name":"another"}}""", """{"metadata":{"name":"tls"},"data":7}""" })
        {
            _server.Intercept(_ => true, context => context.Response.WriteAsync(body));
            await Assert.ThrowsAsync<JsonException>(() => GetAsync("tls"));
        }
    }

    [Fact]
    public async Task No_response_in_time_is_an_error()
    {
        var held = new TaskCompletionSource();
        _server.Intercept(_ => true, _ => held.Task);
        var answer = GetAsync("tls");
        await _server.UntilAsync(server => server.Requests.Count == 1);
        _time.Advance(_server.Configuration.Timeouts.Unary);
        await Assert.ThrowsAsync<TimeoutException>(() => answer);
        held.SetResult();
    }

    private static void RequireIdentity(PartialObjectMetadata item)
    {
        Assert.Equal(("tls", "team"), (item.Metadata!.Name, item.Metadata.NamespaceProperty));
        Assert.NotEmpty(item.Metadata.Uid!);
        Assert.NotEmpty(item.Metadata.ResourceVersion!);
        Assert.Null(item.Metadata.Annotations);
        Assert.Null(item.Metadata.Labels);
    }

    private Task<V1Secret?> GetAsync(string name, string @namespace = "team") =>
        _client.Kubernetes.CoreV1.ReadNamespacedSecretAsync(name, @namespace).IfFoundAsync(name);

    private async Task<List<PartialObjectMetadata>> ListAsync()
    {
        var items = new List<PartialObjectMetadata>();
        await foreach (var page in _client.ListAsync(ResourceTypes.SecretMetadata, new ListRequest()))
            items.AddRange(page.Items);
        return items;
    }
}
