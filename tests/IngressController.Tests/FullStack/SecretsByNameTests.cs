using IngressController.Kubernetes.Resources;
using IngressController.Routing.Translation;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using k8s.Models;

namespace IngressController.Tests.FullStack;

/// <summary>Only Secrets and ConfigMaps that a claimed Ingress or an option references are read; of others only the metadata is.</summary>
public sealed class SecretsByNameTests
{
    /// <summary>The certificates of <see cref="ClusterObjects"/> are for one.example and two.example.</summary>
    private const string Host = "one.example";

    private static readonly ResourceName Tls = new("default", "tls");
    private static readonly ResourceName Settings = new("default", "settings");

    [Fact]
    public async Task Unreferenced_Secrets_and_ConfigMaps_are_never_read()
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            Secret(server, "tls");
            Secret(server, "unreferenced");
            Secret(server, "of-another-class");
            ConfigMap(server, "unreferenced");
            server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
            server.Upsert(Manifests.Ingress("other", "other.example", "a", tlsSecret: "of-another-class").Replace("yarp", "other", StringComparison.Ordinal));
        });
        Secret(stack.Server, "unreferenced", certificate: 1);
        await LeadToBAsync(stack);

        Assert.Equal([Tls], stack.Snapshot.TlsSecrets.Keys);
        var requests = stack.Server.Requests.FindAll(request => request.Resource is "secrets" or "configmaps");
        Assert.Equal(["/api/v1/namespaces/default/secrets/tls"], requests.Where(request => request.IsGet).Select(request => request.Path));
        Assert.All(requests, request => Assert.True(request.IsGet || request.IsMetadataOnly, $"{request.Path} requests complete objects"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Secret_can_be_created_after_its_Ingress_changed_and_deleted(bool watchList)
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            server.SupportsWatchList = watchList;
            server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        });
        Assert.Null(Certificate(stack));

        Secret(stack.Server, "tls", certificate: 0);
        await stack.UntilAsync(() => Certificate(stack) != null);
        var first = Certificate(stack);
        Secret(stack.Server, "tls", certificate: 1);
        await stack.UntilAsync(() => Certificate(stack) != first && Certificate(stack) != null);

        stack.Server.Delete("Secret", "default", "tls");
        await stack.UntilAsync(() => Certificate(stack) == null);
        Assert.Empty(stack.Snapshot.TlsSecrets);
    }

    [Fact]
    public async Task Secret_of_an_Ingress_that_is_no_longer_claimed_is_removed()
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            Secret(server, "tls");
            server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        });
        Assert.NotEmpty(stack.Snapshot.TlsSecrets);

        stack.Server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls").Replace("yarp", "other", StringComparison.Ordinal));
        await stack.UntilAnswerAsync(Host, "404");
        await stack.UntilAsync(() => stack.Snapshot.TlsSecrets.IsEmpty);

        // The class is deleted instead.
        stack.Server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        await stack.UntilAsync(() => Certificate(stack) != null);
        stack.Server.Delete("IngressClass", null, "yarp");
        await stack.UntilAsync(() => stack.Snapshot.TlsSecrets.IsEmpty);
    }

    [Fact]
    public async Task Readiness_waits_for_referenced_objects()
    {
        await using var stack = await TestStack.CreateAsync();
        Secret(stack.Server, "tls");
        ConfigMap(stack.Server, "settings");
        stack.Server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        var held = new TaskCompletionSource();
        stack.Server.Hold(request => request.IsGet, held.Task, times: 2);
        await stack.StartControllerAsync(ReflectorRun.Fast, new TranslationSettings { ConfigMap = Settings });
        await stack.UntilReadyzAsync(text => text == "not ready: waiting for secrets default/tls, configmaps default/settings");
        Assert.Equal("503", await stack.AnswerAsync(Host));

        held.SetResult();
        await stack.UntilReadyAsync();
        Assert.NotNull(Certificate(stack));
        Assert.Equal([Settings], stack.Live.Snapshot.ConfigMaps.Keys);
        Assert.Equal(1, stack.Revision);
    }

    [Fact]
    public async Task Forbidden_Secret_is_named_with_its_reason_and_waited_for_while_it_is_referenced()
    {
        await using var stack = await TestStack.CreateAsync();
        Secret(stack.Server, "tls");
        stack.Server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        stack.Server.Fail(request => request.IsGet, 403, "Forbidden", times: int.MaxValue, message: "no get for you");
        await stack.StartControllerAsync(ReflectorRun.Fast);
        const string Expected = "not ready: waiting for secrets default/tls (forbidden: no get for you; grant the verb get on secrets)";
        await stack.UntilReadyzAsync(text => text == Expected);
        await stack.UntilLoggedAsync("Warning: cannot get secrets: forbidden: no get for you; grant the verb get on secrets; next attempt in ");
        Assert.True(stack.Log.Lines.Count(line => line.StartsWith("cannot get secrets", StringComparison.Ordinal)) == 1, stack.Log.ToString());

        stack.Server.Upsert(Manifests.Ingress("one", Host, "a"));
        await stack.UntilReadyAsync();
        stack.Server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        stack.Server.Heal();
        await stack.UntilAsync(() => Certificate(stack) != null);
    }

    [Fact]
    public async Task Hanging_fetch_does_not_delay_other_changes()
    {
        await using var stack = await TestStack.StartAsync(server => Secret(server, "tls"));
        var held = new TaskCompletionSource();
        stack.Server.Hold(request => request.IsGet, held.Task);
        stack.Server.Upsert(Manifests.Ingress("slow", "two.example", "a", tlsSecret: "tls"));
        await LeadToBAsync(stack);
        // The host is served without its certificate, which it may not need, instead of not at all.
        await stack.UntilAnswerAsync("two.example", "a");
        Assert.Empty(stack.Snapshot.TlsSecrets);

        held.SetResult();
        await stack.UntilAsync(() => Certificate(stack, "two.example") != null);
    }

    [Theory]
    [InlineData(500, "InternalError")]
    [InlineData(429, "TooManyRequests")]
    [InlineData(404, "NotFound")]
    public async Task Failed_fetch_keeps_the_last_state_and_is_retried(int code, string reason)
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            Secret(server, "tls", certificate: 0);
            server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        });
        var first = Certificate(stack);
        stack.Server.Fail(request => request.IsGet, code, reason, times: code == 404 ? 1 : 5);
        Secret(stack.Server, "tls", certificate: 1);
        await stack.Server.UntilAsync(server => server.Requests.Any(request => request.IsGet && request.StatusCode == code));
        Assert.Equal(first, Certificate(stack));

        // After a 404 the object is not fetched again before its next version.
        if (code == 404)
            Secret(stack.Server, "tls", certificate: 1);
        await stack.UntilAsync(() => Certificate(stack) != first && Certificate(stack) != null);
    }

    [Fact]
    public async Task Undecodable_Secret_is_reported_and_delays_nothing()
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            server.Upsert("""{apiVersion: v1, kind: Secret, metadata: {name: tls, namespace: default}, type: kubernetes.io/tls, data: {tls.crt: {no: text} } }""");
            server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        });
        Assert.Contains("Secret tls: ObjectUnreadable", await stack.DiagnosticsAsync());

        Secret(stack.Server, "tls");
        await stack.UntilAsync(() => Certificate(stack) != null);
        Assert.Empty(await stack.DiagnosticsAsync());
    }

    [Fact]
    public async Task Secret_that_changed_during_an_outage_is_fetched_again()
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            Secret(server, "tls", certificate: 0);
            server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        });
        var first = Certificate(stack);
        await stack.Server.StopAsync();
        Secret(stack.Server, "tls", certificate: 1);
        stack.Server.Compact();
        await stack.Server.StartAsync();
        await stack.UntilAsync(() => Certificate(stack) != first && Certificate(stack) != null);
    }

    [Fact]
    public async Task Settings_ConfigMap_can_be_created_changed_and_deleted()
    {
        await using var stack = await TestStack.CreateAsync();
        ConfigMap(stack.Server, "other");
        await stack.StartControllerAsync(ReflectorRun.Fast, new TranslationSettings { ConfigMap = Settings });
        await stack.UntilReadyAsync();
        Assert.Empty(stack.Live.Snapshot.ConfigMaps);

        ConfigMap(stack.Server, "settings", "one");
        await stack.UntilAsync(() => Value(stack) == "one");
        ConfigMap(stack.Server, "settings", "two");
        await stack.UntilAsync(() => Value(stack) == "two");
        stack.Server.Delete("ConfigMap", "default", "settings");
        await stack.UntilAsync(() => Value(stack) == null);
        Assert.DoesNotContain(stack.Server.Requests, request => request.IsGet && request.Name == "other");
    }

    [Fact]
    public async Task Objects_of_options_in_unwatched_namespaces_are_watched_individually()
    {
        await using var stack = await TestStack.CreateAsync();
        Secret(stack.Server, "fallback", ns: "system");
        Secret(stack.Server, "neighbour", ns: "system");
        stack.Server.Upsert(ResourceTypes.EndpointSlices, ClusterObjects.Slice("system", "controller-1", "controller"));
        stack.Server.Upsert(ResourceTypes.EndpointSlices, ClusterObjects.Slice("system", "neighbour-1", "neighbour"));
        await stack.StartControllerAsync(
            ReflectorRun.Fast,
            new TranslationSettings { DefaultSslCertificate = new("system", "fallback"), ConfigMap = new("system", "settings"), ReplicasService = new("system", "controller") },
            "default");
        await stack.UntilReadyAsync();
        Assert.NotNull(stack.Live.Table.DefaultCertificate);
        Assert.Equal([new ResourceName("system", "controller")], stack.Snapshot.Endpoints.ServiceNames.Where(name => name.Namespace == "system"));
        Assert.Equal(1, stack.Live.Table.Replicas);
        var elsewhere = stack.Server.Requests.FindAll(request => request.Target.Namespace == "system" && !request.IsGet);
        Assert.Equal(
            ["metadata.name=fallback", "metadata.name=settings", "kubernetes.io/service-name=controller"],
            elsewhere.OrderByDescending(request => request.Resource == "secrets").ThenBy(request => request.Resource, StringComparer.Ordinal)
                .Select(request => request.Query.GetValueOrDefault("fieldSelector") ?? request.Query.GetValueOrDefault("labelSelector")));

        stack.Server.Upsert("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: system}, data: {key: one} }");
        var more = ClusterObjects.Slice("system", "controller-2", "controller");
        more.Endpoints![0].Addresses![0] = "10.0.0.2";
        stack.Server.Upsert(ResourceTypes.EndpointSlices, more);
        await stack.UntilAsync(() => stack.Live.Table.Replicas == 2);
        await stack.UntilAsync(() => stack.Live.Snapshot.ConfigMaps.Count == 1);
    }

    private static string? Certificate(TestStack stack, string host = Host) =>
        stack.Live.Table.TlsBindings.GetValueOrDefault(host)?.Certificate?.Fingerprint;

    private static string? Value(TestStack stack) => stack.Live.Snapshot.ConfigMaps.GetValueOrDefault(Settings)?.Data?["key"];

    private static void Secret(FakeApiServer server, string name, int certificate = 0, string ns = "default") =>
        server.Upsert(ResourceTypes.Secrets, ClusterObjects.Secret(ns, name, certificate));

    private static void ConfigMap(FakeApiServer server, string name, string value = "") =>
        server.Upsert($"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: default}}, data: {{key: \"{value}\"}} }}");

    private static async Task LeadToBAsync(TestStack stack)
    {
        stack.Server.Upsert(Manifests.Ingress("app", "app.example", "b"));
        await stack.UntilAnswerAsync("app.example", "b");
    }
}
