using System.Diagnostics;
using IngressController.ClusterTests.Fixture;
using IngressController.Reconciliation;
using IngressController.Routing.Translation;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace IngressController.ClusterTests;

/// <summary>Traffic after objects of each kind are created, changed and deleted.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ChangeTests(ClusterFixture cluster, ITestOutputHelper output)
{
    [ClusterFact]
    public async Task Traffic_follows_an_Ingress()
    {
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "first.ingress.example", "a"), ns);
        await controller.UntilAnswerAsync("http://first.ingress.example/", "200 a");

        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "second.ingress.example", "b"), ns);
        await controller.UntilAnswerAsync("http://second.ingress.example/", "200 b");
        Assert.Equal("404", await controller.Client.AnswerAsync("http://first.ingress.example/"));

        await cluster.Client.DeleteAsync(Manifests.Ingress("i", "second.ingress.example", "b"), ns);
        await controller.UntilAnswerAsync("http://second.ingress.example/", "404");
    }

    [ClusterFact]
    public async Task Traffic_follows_an_IngressClass()
    {
        const string Controller = "yarp.ingress.kubernetes.io/controller";
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "class.example", "a", ingressClass: "changing"), ns);
        await cluster.Client.ApplyAsync(Manifests.Class("changing", Controller));
        await controller.UntilAnswerAsync("http://class.example/", "200 a");

        // spec.controller is immutable: a class gets another controller by being deleted and recreated.
        await cluster.Client.DeleteAsync(Manifests.Class("changing", Controller));
        await cluster.Client.ApplyAsync(Manifests.Class("changing", "example.com/other"));
        await controller.UntilAnswerAsync("http://class.example/", "404");

        await cluster.Client.DeleteAsync(Manifests.Class("changing", "example.com/other"));
        await cluster.Client.ApplyAsync(Manifests.Class("changing", Controller));
        await controller.UntilAnswerAsync("http://class.example/", "200 a");

        await cluster.Client.DeleteAsync(Manifests.Class("changing", Controller));
        await controller.UntilAnswerAsync("http://class.example/", "404");
    }

    [ClusterFact]
    public async Task Traffic_follows_a_Service()
    {
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "service.example", "a"), ns);
        await cluster.Client.ApplyAsync(Manifests.Slice("a", cluster.Backend.Port("a")), ns);
        await controller.UntilAnswerAsync("http://service.example/", "503");

        await cluster.Client.ApplyAsync(Manifests.Service("a"), ns);
        await controller.UntilAnswerAsync("http://service.example/", "200 a");

        await cluster.Client.ApplyAsync(Manifests.Service("a", port: 81), ns);
        await controller.UntilAnswerAsync("http://service.example/", "503");

        await cluster.Client.ApplyAsync(Manifests.Service("a"), ns);
        await controller.UntilAnswerAsync("http://service.example/", "200 a");

        await cluster.Client.DeleteAsync(Manifests.Service("a"), ns);
        await controller.UntilAnswerAsync("http://service.example/", "503");
    }

    [ClusterFact]
    public async Task Traffic_follows_an_EndpointSlice()
    {
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "slice.example", "s"), ns);
        await cluster.Client.ApplyAsync(Manifests.Service("s"), ns);
        await controller.UntilAnswerAsync("http://slice.example/", "503");

        await cluster.Client.ApplyAsync(Manifests.Slice("s", cluster.Backend.Port("a")), ns);
        await controller.UntilAnswerAsync("http://slice.example/", "200 a");

        await cluster.Client.ApplyAsync(Manifests.Slice("s", cluster.Backend.Port("b")), ns);
        await controller.UntilAnswerAsync("http://slice.example/", "200 b");

        await cluster.Client.DeleteAsync(Manifests.Slice("s", cluster.Backend.Port("b")), ns);
        await controller.UntilAnswerAsync("http://slice.example/", "503");
    }

    [ClusterFact]
    public async Task The_certificate_follows_a_Secret()
    {
        const string Host = "secret.example";
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", Host, "a", tlsSecret: "tls"), ns);
        await controller.UntilAnswerAsync($"https://{Host}/", "200 a");
        var selfSigned = await controller.Client.CertificateAsync(Host);

        using var first = Manifests.Certificate(Host);
        await cluster.Client.ApplyAsync(Manifests.TlsSecret("tls", first), ns);
        await UntilCertificateAsync(first.SerialNumber);

        using var second = Manifests.Certificate(Host);
        await cluster.Client.ApplyAsync(Manifests.TlsSecret("tls", second), ns);
        await UntilCertificateAsync(second.SerialNumber);

        await cluster.Client.DeleteAsync(Manifests.TlsSecret("tls", second), ns);
        await UntilCertificateAsync(selfSigned);

        Task UntilCertificateAsync(string serialNumber) => Wait.UntilAsync(
            async () => await controller.Client.CertificateAsync(Host) == serialNumber, $"{Host} shows {serialNumber}", controller.Log.ToString);
    }

    [ClusterFact]
    public async Task The_API_server_sends_no_content_with_metadata()
    {
        var ns = await cluster.NewNamespaceAsync();
        await cluster.Client.ApplyAsync(Manifests.ConfigMap("settings", "content"), ns);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/namespaces/{ns}/configmaps");
        request.Headers.TryAddWithoutValidation("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
        using var answer = await cluster.Client.Http.SendAsync(request);
        var list = await answer.Content.ReadAsStringAsync();
        Assert.Contains("\"kind\":\"PartialObjectMetadataList\"", list, StringComparison.Ordinal);
        Assert.Contains("\"settings\"", list, StringComparison.Ordinal);
        Assert.DoesNotContain("\"content\"", list, StringComparison.Ordinal);
    }

    [ClusterFact]
    public async Task The_settings_follow_their_ConfigMap()
    {
        var ns = await cluster.NewNamespaceAsync();
        var name = new ResourceName(ns, "settings");
        await cluster.Client.ApplyAsync(Manifests.ConfigMap("other", "unused"), ns);
        await using var controller = await RunningController.StartAsync(
            cluster.Server, namespaces: [await cluster.NewNamespaceAsync()], settings: new TranslationSettings { ConfigMap = name });
        await cluster.Client.ApplyAsync(Manifests.ConfigMap("settings", "one"), ns);
        await UntilValueAsync("one");
        await cluster.Client.ApplyAsync(Manifests.ConfigMap("settings", "two"), ns);
        await UntilValueAsync("two");
        await cluster.Client.DeleteAsync(Manifests.ConfigMap("settings", "two"), ns);
        await UntilValueAsync(null);
        Assert.Empty(controller.ConfigMaps);

        Task UntilValueAsync(string? value) => Wait.UntilAsync(
            () => Task.FromResult(controller.ConfigMaps.GetValueOrDefault(name)?.Data?["key"] == value), $"the value is {value}", controller.Log.ToString);
    }

    [ClusterFact]
    public async Task A_certificate_is_live_within_a_second()
    {
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        var (created, changed) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var i = 0; i < 20; i++)
        {
            var host = $"latency-{i}.tls.example";
            using var first = Manifests.Certificate(host);
            using var second = Manifests.Certificate(host);
            await cluster.Client.ApplyAsync(Manifests.TlsSecret($"tls-{i}", first), ns);
            await Task.Delay(ReconcileLoop.MaxPause * 1.5);
            created.Add(await MeasureAsync(Manifests.Ingress($"i-{i}", host, "a", tlsSecret: $"tls-{i}"), host, first.SerialNumber));
            await Task.Delay(ReconcileLoop.MaxPause * 1.5);
            changed.Add(await MeasureAsync(Manifests.TlsSecret($"tls-{i}", second), host, second.SerialNumber));
        }

        Assert.DoesNotContain(controller.Log.Lines, line => line.Level >= LogLevel.Warning);
        Report("an Ingress that names a Secret", created);
        Report("a changed Secret", changed);

        async Task<TimeSpan> MeasureAsync(string manifest, string host, string serialNumber)
        {
            var start = Stopwatch.GetTimestamp();
            await cluster.Client.ApplyAsync(manifest, ns);
            await Wait.UntilAsync(
                async () => await controller.Client.CertificateAsync(host) == serialNumber, $"{host} shows {serialNumber}", controller.Log.ToString);
            return Stopwatch.GetElapsedTime(start);
        }

        void Report(string what, List<TimeSpan> times)
        {
            times.Sort();
            var median = times[times.Count / 2];
            output.WriteLine($"from sending the write to a handshake with the new certificate, {times.Count} times {what}: median {median.TotalMilliseconds:0} ms, "
                + $"fastest {times[0].TotalMilliseconds:0} ms, slowest {times[^1].TotalMilliseconds:0} ms");
            Assert.True(median < TimeSpan.FromSeconds(1), $"{what}: median {median}");
        }
    }

    [ClusterFact]
    public async Task A_change_is_live_within_a_second()
    {
        await using var controller = await RunningController.StartAsync(cluster.Server);
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "latency.example", "a"), ns);
        await controller.UntilAnswerAsync("http://latency.example/", "200 a");

        // A change right after another waits for the interval; a change after a quiet period does not.
        await MeasureAsync("one after the other", quiet: TimeSpan.Zero);
        await MeasureAsync("each after a quiet time", quiet: ReconcileLoop.MaxPause * 1.5);

        async Task MeasureAsync(string what, TimeSpan quiet)
        {
            var times = new List<TimeSpan>();
            for (var i = 0; i < 20; i++)
            {
                await Task.Delay(quiet);
                var service = i % 2 == 0 ? "b" : "a";
                var start = Stopwatch.GetTimestamp();
                await cluster.Client.ApplyAsync(Manifests.Ingress("i", "latency.example", service), ns);
                await controller.UntilAnswerAsync("http://latency.example/", $"200 {service}");
                times.Add(Stopwatch.GetElapsedTime(start));
            }

            times.Sort();
            var median = times[times.Count / 2];
            output.WriteLine($"from sending the write to the changed answer, {times.Count} changes {what}: median {median.TotalMilliseconds:0} ms, "
                + $"fastest {times[0].TotalMilliseconds:0} ms, slowest {times[^1].TotalMilliseconds:0} ms");
            Assert.True(median < TimeSpan.FromSeconds(1), $"{what}: median {median}");
        }
    }

    [ClusterFact]
    public async Task A_controller_of_one_namespace_ignores_others()
    {
        var mine = await cluster.NewNamespaceWithServicesAsync();
        var other = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "before.other.example", "a"), other);
        await using var controller = await RunningController.StartAsync(cluster.Server, namespaces: [mine]);

        await cluster.Client.ApplyAsync(Manifests.Ingress("later", "after.other.example", "a"), other);
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", "mine.example", "a"), mine);
        await controller.UntilAnswerAsync("http://mine.example/", "200 a");

        Assert.Equal("404", await controller.Client.AnswerAsync("http://before.other.example/"));
        Assert.Equal("404", await controller.Client.AnswerAsync("http://after.other.example/"));
        Assert.DoesNotContain(other, await controller.Admin.GetStringAsync("/api/routes"), StringComparison.Ordinal);
    }
}
