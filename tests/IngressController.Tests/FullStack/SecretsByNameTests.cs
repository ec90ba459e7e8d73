using IngressController.Kubernetes.Resources;
using IngressController.Routing.Translation;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using k8s.Models;

namespace IngressController.Tests.FullStack;

/// <summary>Only the Secrets and ConfigMaps are read that a claimed Ingress or an option names; the others are known to exist, no more.</summary>
public sealed class SecretsByNameTests
{
    /// <summary>The certificates of <see cref="ClusterObjects"/> are for one.example and two.example.</summary>
    private const string Host = "one.example";

    private static readonly ResourceName Tls = new("default", "tls");
    private static readonly ResourceName Settings = new("default", "settings");

    [Fact]
    public async Task What_nobody_names_is_never_read()
    {
        await using var stack = await TestStack.StartAsync(server =>
        {
            Secret(server, "tls");
            Secret(server, "of-nobody");
            Secret(server, "of-another-class");
            ConfigMap(server, "of-nobody");
            server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
            server.Upsert(Manifests.Ingress("other", "other.example", "a", tlsSecret: "of-another-class").Replace("yarp", "other", StringComparison.Ordinal));
        });
        Secret(stack.Server, "of-nobody", certificate: 1);
        await LeadToBAsync(stack);

        Assert.Equal([Tls], stack.Snapshot.TlsSecrets.Keys);
        var requests = stack.Server.Requests.FindAll(request => request.Resource is "secrets" or "configmaps");
        Assert.Equal(["/api/v1/namespaces/default/secrets/tls"], requests.Where(request => request.IsGet).Select(request => request.Path));
        Assert.All(requests, request => Assert.True(request.IsGet || request.IsMetadataOnly, $"{request.Path} asks for whole objects"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_Secret_that_comes_after_its_Ingress_changes_and_goes(bool watchList)
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
    public async Task An_Ingress_that_is_no_longer_ours_takes_its_Secret_along()
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

        // The class changes hands instead of the Ingress.
        stack.Server.Upsert(Manifests.Ingress("one", Host, "a", tlsSecret: "tls"));
        await stack.UntilAsync(() => Certificate(stack) != null);
        stack.Server.Delete("IngressClass", null, "yarp");
        await stack.UntilAsync(() => stack.Snapshot.TlsSecrets.IsEmpty);
    }

    [Fact]
    public async Task It_is_ready_only_with_what_its_Ingresses_name()
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
    public async Task What_may_not_be_read_is_named_with_its_reason_and_waited_for_only_while_it_is_wanted()
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
    public async Task A_fetch_that_hangs_holds_up_nobody_else()
    {
        await using var stack = await TestStack.StartAsync(server => Secret(server, "tls"));
        var held = new TaskCompletionSource();
        stack.Server.Hold(request => request.IsGet, held.Task);
        stack.Server.Upsert(Manifests.Ingress("slow", "two.example", "a", tlsSecret: "tls"));
        await LeadToBAsync(stack);
        // Without its certificate: waiting on would keep a host away for a Secret it may do without.
        await stack.UntilAnswerAsync("two.example", "a");
        Assert.Empty(stack.Snapshot.TlsSecrets);

        held.SetResult();
        await stack.UntilAsync(() => Certificate(stack, "two.example") != null);
    }

    [Theory]
    [InlineData(500, "InternalError")]
    [InlineData(429, "TooManyRequests")]
    [InlineData(404, "NotFound")]
    public async Task A_fetch_that_fails_keeps_what_was_there_and_is_made_again(int code, string reason)
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

        // A server that knows of it and says there is none is not asked again before the next version.
        if (code == 404)
            Secret(stack.Server, "tls", certificate: 1);
        await stack.UntilAsync(() => Certificate(stack) != first && Certificate(stack) != null);
    }

    [Fact]
    public async Task One_that_does_not_decode_is_reported_and_holds_up_nothing()
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
    public async Task A_Secret_that_changed_while_the_API_server_was_away_is_read_again()
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
    public async Task The_ConfigMap_of_the_operator_comes_changes_and_goes()
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
    public async Task What_the_operator_names_in_a_namespace_that_is_not_watched_is_watched_alone()
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
