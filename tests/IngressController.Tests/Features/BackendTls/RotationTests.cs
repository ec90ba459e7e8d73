using System.Collections.Concurrent;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.BackendTls;

/// <summary>A renewed Secret or ConfigMap is live without a restart.</summary>
public sealed class RotationTests
{
    private static readonly Pki Servers = new();
    private static readonly Pki Clients = new();

    [Theory]
    [InlineData("HTTPS")]
    [InlineData("GRPCS")]
    public async Task Under_load_no_request_fails_and_the_old_certificate_is_not_used_afterwards(string protocol)
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"], Clients);
        string Objects(int version) => TlsManifests.Secret("client", Clients, $"v{version}", authority: Servers) + Manifests.Service("app", [backend.Port])
            + AnnotatedIngress.Manifest("app", "app.example", "app", [
                ("backend-protocol", protocol), ("proxy-ssl-secret", "default/client"), ("proxy-ssl-verify", "on"), ("proxy-ssl-name", "app.internal")]);
        await using var proxy = await TestController.StartAsync(Objects(0));
        using var end = new CancellationTokenSource();
        var statuses = new ConcurrentDictionary<int, int>();
        var load = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                using var response = await proxy.Client.GetAsync("http://app.example/");
                statuses.AddOrUpdate((int)response.StatusCode, 1, static (_, count) => count + 1);
            }
        })).ToArray();
        for (var version = 1; version <= 5; version++)
        {
            await proxy.ApplyAsync(Objects(version));
            for (var i = 0; i < 5; i++)
            {
                var answer = await proxy.Client.GetStringAsync("http://app.example/");
                Assert.Contains($"\"client\":\"v{version}\"", answer, StringComparison.Ordinal);
            }
        }

        await end.CancelAsync();
        await Task.WhenAll(load);
        Assert.Equal([200], statuses.Keys);
        // A connection belongs to one version.
        Assert.All(backend.Seen.GroupBy(view => view.Connection), connection => Assert.Single(connection.Select(view => view.Client).Distinct()));
    }

    [Fact]
    public async Task A_renewed_authority_applies_to_new_connections_and_an_invalid_one_answers_503()
    {
        await using var backend = await TlsBackend.StartAsync(Servers, ["app.internal"]);
        string Objects(string authority) => authority + Manifests.Service("app", [backend.Port]) + AnnotatedIngress.Manifest(
            "app", "app.example", "app", [("backend-protocol", "HTTPS"), ("backend-tls-ca", "ca"), ("backend-tls-server-name", "app.internal")]);
        await using var proxy = await TestController.StartAsync(Objects(TlsManifests.ConfigMap("ca", Servers)));
        var invalid = TlsManifests.ConfigMap("ca", Servers).Replace("BEGIN", "START", StringComparison.Ordinal);
        foreach (var (objects, expected) in new[]
        {
            (TlsManifests.ConfigMap("ca", Servers), 200), (TlsManifests.ConfigMap("ca", new Pki()), 502), (invalid, 503), ("", 503), (TlsManifests.ConfigMap("ca", Servers), 200),
        })
        {
            await proxy.ApplyAsync(Objects(objects));
            using var response = await proxy.Client.GetAsync("http://app.example/");
            Assert.Equal(expected, (int)response.StatusCode);
        }
    }
}
