using System.Text;
using System.Text.Json;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Resources;
using IngressController.Tests.Fakes;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Kubernetes;

public sealed class StreamDecoderTests
{
    private const string List = """
        {"kind":"ServiceList","apiVersion":"v1","items":[
          {"metadata":{"name":"a","namespace":"ä€😀","managedFields":[{"f:metadata":{"items":[1,{"metadata":{}}]}}]},"spec":{"externalName":"q\"]}"}},
          {"metadata":{"uid":"u","name":"broken","namespace":"n","resourceVersion":"7"},"spec":{"ports":"x"}}, null, 5, [ {"metadata":{}} ], "text",
          {"metadata":{"name":"b"},"spec":{"ports":[{"port":80,"targetPort":"http"},{"targetPort":8080}]}} ],
         "other":{"items":[{"metadata":{"name":"not this"}}],"metadata":{"resourceVersion":"no"}},
         "metadata":{"resourceVersion":"12","continue":"tok","remainingItemCount":3} }
        """;

    [Fact]
    public async Task A_list_decodes_the_same_for_any_split()
    {
        var bytes = Encoding.UTF8.GetBytes(List);
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var page = await new ListDecoder<V1Service>(ResourceTypes.Services)
                .ReadAsync(new SplitStream(bytes, () => seed == 0 ? 1 : random.Next(1, 60)), () => { }, default);
            Assert.Equal(["ä€😀/a", "/b"], page.Items.Select(item => $"{item.Metadata!.NamespaceProperty}/{item.Metadata.Name}"));
            Assert.Equal("q\"]}", page.Items[0].Spec!.ExternalName);
            Assert.Equal(["http", "8080"], page.Items[1].Spec!.Ports!.Select(port => port.TargetPort!.Value));
            Assert.Equal(["n/broken", "(unknown)", "(unknown)", "(unknown)", "(unknown)"], page.Undecodable.Select(item => item.ToString()));
            Assert.Equal(("12", "tok"), (page.ResourceVersion, page.Continue));
        }
    }

    [Fact]
    public async Task An_incomplete_or_invalid_list_is_an_error()
    {
        var bytes = Encoding.UTF8.GetBytes(List);
        for (var length = 0; length < bytes.Length - 1; length += 7)
        {
            var cut = new SplitStream(bytes[..length], () => 50);
            await Assert.ThrowsAnyAsync<JsonException>(() => new ListDecoder<V1Service>(ResourceTypes.Services).ReadAsync(cut, () => { }, default));
        }

        foreach (var text in new[] { "{}", "[]", "<html>", "{\"kind\":\"Status\"}" })
        {
            var body = new SplitStream(Encoding.UTF8.GetBytes(text), () => 3);
            await Assert.ThrowsAnyAsync<JsonException>(() => new ListDecoder<V1Service>(ResourceTypes.Services).ReadAsync(body, () => { }, default));
        }
    }

    [Theory]
    [InlineData("""{"items":null,"metadata":{"resourceVersion":"1"}}""")]
    [InlineData("""{"metadata":{"resourceVersion":"1"},"items":[]}""")]
    public async Task A_list_can_be_empty(string text)
    {
        var page = await new ListDecoder<V1Service>(ResourceTypes.Services)
            .ReadAsync(new SplitStream(Encoding.UTF8.GetBytes(text), () => 4), () => { }, default);
        Assert.Empty(page.Items);
        Assert.Equal("1", page.ResourceVersion);
    }

    [Fact]
    public async Task A_watch_decodes_the_same_for_any_split()
    {
        const string Watch = """
            {"type":"ADDED","object":{"metadata":{"name":"a","namespace":"ä€😀"}}}
            {"object":{"metadata":{"name":"b","annotations":{"x":"\n}"}}},"extra":[{"type":"no"}],"type":"MODIFIED"}

            {"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":"5","annotations":{"k8s.io/initial-events-end":"true"}}}}
            {"type":"DELETED","object":{"metadata":{"name":"a"}}}
            {"type":"MODIFIED","object":{"metadata":{"name":"c","uid":"u"},"spec":[]}}
            {"type":"FUTURE","object":{}}
            {"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}

            """;
        var bytes = Encoding.UTF8.GetBytes(Watch);
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            using var stream = new WatchStream<V1Service>(
                new MemoryStream(), new SplitStream(bytes, () => seed == 0 ? 1 : random.Next(1, 60)), ResourceTypes.Services, "/x");
            var seen = new List<string>();
            await foreach (var change in stream.ReadAllAsync())
            {
                seen.Add(change switch
                {
                    WatchEvent<V1Service>.Applied applied => $"+{applied.Object.Metadata!.NamespaceProperty}/{applied.Object.Metadata.Name}",
                    WatchEvent<V1Service>.Deleted deleted => $"-{deleted.Object.Metadata!.Name}",
                    WatchEvent<V1Service>.Bookmark bookmark => $"@{bookmark.ResourceVersion} {bookmark.EndsInitialEvents}",
                    WatchEvent<V1Service>.Undecodable undecodable => $"?{undecodable.Object.Name} {undecodable.Object.Uid}",
                    WatchEvent<V1Service>.Unknown unknown => $"!{unknown.Type}",
                    WatchEvent<V1Service>.Error error => $"E{error.Exception.IsExpired}",
                    _ => "",
                });
            }

            Assert.Equal(["+ä€😀/a", "+/b", "@5 True", "-a", "?c u", "!FUTURE", "ETrue"], seen);
        }
    }

    [Fact]
    public async Task A_watch_that_ends_within_a_line_is_an_error()
    {
        using var stream = new WatchStream<V1Service>(
            new MemoryStream(), new SplitStream("{\"type\":\"ADD"u8.ToArray(), () => 5), ResourceTypes.Services, "/x");
        await using var events = stream.ReadAllAsync().GetAsyncEnumerator();
        await Assert.ThrowsAsync<EndOfStreamException>(() => events.MoveNextAsync().AsTask());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lists_are_compressed_unless_disabled_and_watches_are_never_compressed(bool disabled)
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.GzipThreshold = 0;
        server.PieceSize = 7;
        server.UpsertService("one");
        using var client = new ApiServerConnection(server.Configuration with { DisableCompression = disabled }, TimeProvider.System);
        await foreach (var page in client.ListAsync(ResourceTypes.Services, new()))
            Assert.Equal("one", Assert.Single(page.Items).Metadata!.Name);
        using var watch = await client.WatchAsync(
            ResourceTypes.Services, new() { ResourceVersion = "", Timeout = TimeSpan.FromSeconds(300) }, default);
        Assert.Equal(!disabled, server.Requests[0].Headers.ContainsKey("Accept-Encoding"));
        Assert.False(server.Requests[1].Headers.ContainsKey("Accept-Encoding"));
    }

    [Fact]
    public async Task A_list_without_progress_and_a_call_without_a_response_time_out()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Intercept(_ => true, context => Task.Delay(Timeout.Infinite, context.RequestAborted), times: 2);
        var timeouts = new ClientTimeouts { Unary = TimeSpan.FromMilliseconds(100), ListProgress = TimeSpan.FromMilliseconds(100) };
        using var client = new ApiServerConnection(server.Configuration with { Timeouts = timeouts }, TimeProvider.System);
        await Assert.ThrowsAsync<TimeoutException>(() => client.Kubernetes.Version.GetCodeAsync());
        await using var pages = client.ListAsync(ResourceTypes.Services, new()).GetAsyncEnumerator();
        await Assert.ThrowsAsync<TimeoutException>(() => pages.MoveNextAsync().AsTask());
    }

    [Fact]
    public async Task An_error_message_has_the_Status_or_an_excerpt_of_another_body()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Intercept(_ => true, async context =>
        {
            context.Response.StatusCode = 502;
            await context.Response.WriteAsync("<html>\nbad gateway " + new string('x', 100_000));
        });
        using var client = new ApiServerConnection(server.Configuration, TimeProvider.System);
        var error = await Assert.ThrowsAsync<ApiServerException>(() => client.Kubernetes.Version.GetCodeAsync());
        Assert.StartsWith("GET /version/: 502 BadGateway: <html> bad gateway xx", error.Message);
        Assert.InRange(error.Message.Length, 100, 700);
        Assert.True(error.IsServerError);

        server.Fail(_ => true, 429, "TooManyRequests", retryAfterSeconds: 7);
        error = await Assert.ThrowsAsync<ApiServerException>(() => client.Kubernetes.Version.GetCodeAsync());
        Assert.True(error.IsTooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(7), error.RetryAfter);
        server.Fail(_ => true, 409, "Conflict", message: new string('m', 5000));
        error = await Assert.ThrowsAsync<ApiServerException>(() => client.Kubernetes.Version.GetCodeAsync());
        Assert.True(error.IsConflict);
        Assert.InRange(error.Message.Length, 100, 700);
    }

    [Fact]
    public async Task The_path_of_the_host_prefixes_every_request()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Intercept(request => request.Path == "/k8s/c-1/version/", context => context.Response.WriteAsync("{\"gitVersion\":\"v9\"}"));
        using var client = new ApiServerConnection(
            server.Configuration with { Host = new Uri(server.Address, "/k8s/c-1/") }, TimeProvider.System);
        Assert.Equal("v9", (await client.Kubernetes.Version.GetCodeAsync()).GitVersion);
    }

    /// <summary>Returns its bytes in pieces of chosen sizes, as a network does.</summary>
    private sealed class SplitStream(byte[] bytes, Func<int> pieceSize) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceSize())], cancellationToken);
    }
}
