using System.Text;
using System.Text.Json;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Configuration;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using IngressController.Tests.Fakes;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Kubernetes;

/// <summary>
/// Shows a defect of the package alone in each test, and the connection without it. If a test fails because the package has improved, its
/// workaround can be removed (docs/decisions/0001-packages.md).
/// </summary>
public sealed class PackageAloneTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_package_sends_the_token_to_a_server_with_a_certificate_for_another_name()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        server.ServerCertificate = server.Authority!.Issue("other.example");
        using var alone = Alone(server, configuration => configuration.SslCaCerts = [server.Authority.Certificate]);
        await alone.Version.GetCodeAsync();
        Assert.Equal("Bearer fake-token", Assert.Single(server.Requests).Headers["Authorization"]);

        using var connection = new ApiServerConnection(server.Configuration, TimeProvider.System);
        await Assert.ThrowsAsync<HttpRequestException>(() => connection.Kubernetes.Version.GetCodeAsync());
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task The_package_uses_only_the_first_authority_of_a_bundle()
    {
        await using var server = await FakeApiServer.CreateAsync(https: true);
        using var directory = new TemporaryDirectory();
        byte[] bundle = [.. FakeApiServerAuthority.Create("first").Pem, .. "\n"u8, .. server.Authority!.Pem];
        var file = directory.Write("ca.crt", bundle);
        var config = directory.Write("config", KubeConfig(server, $"certificate-authority: {file}", "token: x"));
        using var alone = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(config));
        await Assert.ThrowsAsync<HttpRequestException>(() => alone.Version.GetCodeAsync());

        using var connection = new ApiServerConnection(ApiServerConfiguration.BuildConfigFromConfigFile([config]), TimeProvider.System);
        await connection.Kubernetes.Version.GetCodeAsync();
    }

    [Fact]
    public async Task The_package_does_not_reload_a_token_file_after_a_401()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Intercept(request => request.Token != "second", async context =>
        {
            context.Response.StatusCode = 401;
            await context.Response.WriteAsync("{}");
        }, times: 100);
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "token");
        using var alone = Alone(server, configuration => configuration.TokenProvider = new k8s.Authentication.TokenFileAuth(file));
        using var connection = new ApiServerConnection(server.Configuration with { Token = new TokenSource.InFile(file) }, TimeProvider.System);
        foreach (var client in (IKubernetes[])[alone, connection.Kubernetes])
        {
            await File.WriteAllTextAsync(file, "first");
            await Assert.ThrowsAnyAsync<HttpOperationException>(() => client.Version.GetCodeAsync());
            await File.WriteAllTextAsync(file, "second");
            if (client == alone)
                await Assert.ThrowsAsync<HttpOperationException>(() => client.Version.GetCodeAsync());
            else
                await client.Version.GetCodeAsync();
        }
    }

    [Fact]
    public async Task The_package_ignores_impersonation_and_token_files_of_a_kubeconfig()
    {
        await using var server = await FakeApiServer.CreateAsync();
        using var directory = new TemporaryDirectory();
        directory.Write("token", "from-file");
        var config = directory.Write("config", KubeConfig(server, "", "token: from-config, tokenFile: token, as: someone"));
        using (var alone = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(config)))
            await alone.Version.GetCodeAsync();
        using (var connection = new ApiServerConnection(ApiServerConfiguration.BuildConfigFromConfigFile([config]), TimeProvider.System))
            await connection.Kubernetes.Version.GetCodeAsync();

        Assert.Equal(
            [("from-config", null), ("from-file", "someone")],
            server.Requests.Select(request => (request.Token, request.Headers.GetValueOrDefault("Impersonate-User"))));
    }

    [Fact]
    public async Task The_package_ignores_the_proxy_of_a_kubeconfig()
    {
        await using var server = await FakeApiServer.CreateAsync();
        using var directory = new TemporaryDirectory();
        // No one listens on port 9.
        var config = directory.Write("config", KubeConfig(server, "proxy-url: 'http://127.0.0.1:9'", "token: x"));
        using (var alone = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(config)))
            await alone.Version.GetCodeAsync();
        Assert.Single(server.Requests);

        using var connection = new ApiServerConnection(ApiServerConfiguration.BuildConfigFromConfigFile([config]), TimeProvider.System);
        await Assert.ThrowsAsync<HttpRequestException>(() => connection.Kubernetes.Version.GetCodeAsync());
    }

    [Fact]
    public async Task The_package_splits_an_argument_of_a_plug_in_at_a_blank()
    {
        await using var server = await FakeApiServer.CreateAsync();
        using var directory = new TemporaryDirectory();
        var script = Path.Combine(directory.Path, "plug-in");
        await File.WriteAllTextAsync(
            script, """
            #!/bin/sh
            printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s-arguments"}}' "$#"
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var config = directory.Write("config", KubeConfig(server, "", $"exec: {{apiVersion: client.authentication.k8s.io/v1, command: {script}, args: ['with blank'], interactiveMode: Never}}"));
        using (var alone = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(config)))
            await alone.Version.GetCodeAsync();
        using (var connection = new ApiServerConnection(ApiServerConfiguration.BuildConfigFromConfigFile([config]), TimeProvider.System))
            await connection.Kubernetes.Version.GetCodeAsync();

        Assert.Equal(["2-arguments", "1-arguments"], server.Requests.Select(request => request.Token));
    }

    [Fact]
    public async Task The_package_waits_forever_for_a_body_that_stalls()
    {
        await using var server = await FakeApiServer.CreateAsync();
        var release = new TaskCompletionSource();
        server.Intercept(_ => true, async context =>
        {
            await context.Response.WriteAsync("{\"gitVersion\":");
            await context.Response.Body.FlushAsync();
            await release.Task;
        }, times: 2);
        var configurationWithTimeout = server.Configuration with { Timeouts = new ClientTimeouts { Unary = TimeSpan.FromMilliseconds(500) } };
        using var alone = Alone(server, configuration => configuration.HttpClientTimeout = configurationWithTimeout.Timeouts.Unary);
        using var connection = new ApiServerConnection(configurationWithTimeout, TimeProvider.System);
        var call = Task.Run(() => alone.Version.GetCodeAsync());
        await Assert.ThrowsAsync<TimeoutException>(() => connection.Kubernetes.Version.GetCodeAsync());

        // The call of the package began first and has still not ended.
        Assert.False(call.IsCompleted);
        release.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(Limit));
    }

    [Fact]
    public async Task The_package_loses_a_list_with_one_object_that_does_not_decode()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Upsert("""
            {apiVersion: v1, kind: Service, metadata: {name: good, namespace: ns}, spec: {ports: [{port: 80}]}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: bad, namespace: ns}, spec: {ports: [{port: 80, targetPort: true}]}}
            """);
        using var alone = Alone(server);
        await Assert.ThrowsAnyAsync<Exception>(() => alone.CoreV1.ListServiceForAllNamespacesAsync());

        using var connection = new ApiServerConnection(server.Configuration, TimeProvider.System);
        var pages = new List<ListPage<V1Service>>();
        await foreach (var page in connection.ListAsync(ResourceTypes.Services, new ListRequest()))
            pages.Add(page);
        Assert.Equal(["good"], pages.SelectMany(page => page.Items).Select(item => item.Metadata.Name));
        Assert.Equal(["ns/bad"], pages.SelectMany(page => page.Undecodable).Select(item => item.ToString()));
    }

    [Fact]
    public async Task The_package_leaves_the_Status_of_an_error_undecoded()
    {
        await using var server = await FakeApiServer.CreateAsync();
        server.Fail(_ => true, 429, "TooManyRequests", times: 2);
        using var alone = Alone(server);
        Assert.Null((await Assert.ThrowsAsync<HttpOperationException>(() => alone.Version.GetCodeAsync())).Body);

        using var connection = new ApiServerConnection(server.Configuration, TimeProvider.System);
        var error = await Assert.ThrowsAsync<ApiServerException>(() => connection.Kubernetes.Version.GetCodeAsync());
        Assert.True(error.IsTooManyRequests);
        Assert.IsType<V1Status>(error.Body);
    }

    [Fact]
    public async Task The_package_lets_a_name_change_the_path()
    {
        await using var server = await FakeApiServer.CreateAsync();
        using var alone = Alone(server);
        await Assert.ThrowsAnyAsync<HttpOperationException>(() => alone.CoreV1.ReadNodeAsync("../namespaces/ns/secrets/tls"));
        Assert.Equal("/api/v1/namespaces/ns/secrets/tls", server.Requests[^1].Path);

        await Assert.ThrowsAnyAsync<HttpOperationException>(() => alone.CoreV1.ReadNodeAsync(ObjectCalls.PathSegment("../namespaces/ns/secrets/tls")));
        Assert.StartsWith("/api/v1/nodes/", server.Requests[^1].Path, StringComparison.Ordinal);
        Assert.All(["", ".", ".."], name => Assert.Throws<ArgumentException>(() => ObjectCalls.PathSegment(name)));
    }

    [Fact]
    public void The_package_writes_whole_seconds_in_a_form_that_API_servers_reject()
    {
        var noon = new DateTime(2030, 1, 1, 12, 0, 0, DateTimeKind.Utc);
        var lease = new V1Lease { Spec = new V1LeaseSpec { RenewTime = noon } };
        Assert.Contains("\"2030-01-01T12:00:00Z\"", KubernetesJson.Serialize(lease), StringComparison.Ordinal);
        Assert.Contains("\"2030-01-01T12:00:00.000000Z\"", JsonSerializer.Serialize(lease, ApiJson.Of<V1Lease>()), StringComparison.Ordinal);

        var series = new Eventsv1Event { EventTime = noon, Series = new Eventsv1EventSeries { Count = 2, LastObservedTime = noon } };
        Assert.DoesNotContain(".000000Z", KubernetesJson.Serialize(series), StringComparison.Ordinal);
        Assert.Equal(3, JsonSerializer.Serialize(series, ApiJson.Of<Eventsv1Event>()).Split(".000000Z").Length);
    }

    [Fact]
    public void The_package_keeps_every_field_of_an_object()
    {
        var json = Encoding.UTF8.GetBytes("""
            {"metadata":{"name":"i","annotations":{"a":"b","kubectl.kubernetes.io/last-applied-configuration":"{}"},
            "managedFields":[{"manager":"kubectl","fieldsV1":{"f:spec":{}}},{"manager":"yarp","fieldsV1":{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}}]},
            "spec":{"selector":{"app":"x"},"clusterIP":"10.0.0.1"}}
            """);
        var alone = KubernetesJson.Deserialize<V1Service>(new MemoryStream(json));
        Assert.Equal((2, 2, 1), (alone.Metadata.ManagedFields.Count, alone.Metadata.Annotations.Count, alone.Spec.Selector.Count));

        var decoded = JsonSerializer.Deserialize(json, ApiJson.Of<V1Service>())!;
        Assert.Equal(("yarp", "a", "10.0.0.1"), (decoded.Metadata.LoadBalancerManager, Assert.Single(decoded.Metadata.Annotations).Key, decoded.Spec.ClusterIP));
        Assert.Null(decoded.Spec.Selector);
    }

    private static k8s.Kubernetes Alone(FakeApiServer server, Action<KubernetesClientConfiguration>? configure = null)
    {
        var configuration = new KubernetesClientConfiguration { Host = server.Address.AbsoluteUri, AccessToken = "fake-token" };
        configure?.Invoke(configuration);
        return new k8s.Kubernetes(configuration);
    }

    private static string KubeConfig(FakeApiServer server, string cluster, string user) => $"""
        current-context: c
        contexts:
        - name: c
          context: {"{cluster: c, user: u}"}
        clusters:
        - name: c
          cluster: {"{"}server: "{server.Address}"{(cluster.Length == 0 ? "" : ", " + cluster)}{"}"}
        users:
        - name: u
          user: {"{"}{user}{"}"}
        """;
}
