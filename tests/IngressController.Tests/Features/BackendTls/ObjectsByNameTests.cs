using IngressController.Tests.Fakes;
using IngressController.Tests.FullStack;

namespace IngressController.Tests.Features.BackendTls;

/// <summary>With an API server, the Secrets and ConfigMaps that the annotations name are fetched, and no others.</summary>
public sealed class ObjectsByNameTests
{
    [Fact]
    public async Task Named_objects_are_fetched_and_their_changes_are_live()
    {
        var (first, second) = (new Pki(), new Pki());
        await using var stack = await TestStack.StartAsync(server =>
        {
            foreach (var name in (string[])["client", "keys", "unnamed"])
                server.Upsert(TlsManifests.Secret(name, first));
            server.Upsert(TlsManifests.ConfigMap("ca", first));
            server.Upsert(TlsManifests.ConfigMap("unnamed", first));
            server.Upsert(AnnotatedIngress.Manifest("tls", "tls.example", "a", [
                ("backend-tls-client-certificate", "client"), ("backend-tls-ca", "ca"), ("backend-tls-server-name", "a.internal"), ("api-key-secret", "keys")]));
        });

        Assert.Equal(["default/client", "default/keys"], stack.Snapshot.TlsSecrets.Keys.Select(name => $"{name}").Order(StringComparer.Ordinal));
        Assert.Equal(["default/ca"], stack.Snapshot.ConfigMaps.Keys.Select(name => $"{name}"));
        var before = Settings(stack);
        Assert.NotNull(before);

        stack.Server.Upsert(TlsManifests.Secret("client", second));
        await stack.UntilAsync(() => Settings(stack)?.ClientCertificate != before.ClientCertificate);
        stack.Server.Upsert(TlsManifests.ConfigMap("ca", second));
        await stack.UntilAsync(() => Settings(stack)?.Authorities != before.Authorities);
        // Nothing of the earlier settings is left.
        Assert.Single(stack.Live.Table.Backends.Keys, id => id.Tls is not null);
    }

    private static Routing.Table.BackendTlsSettings? Settings(TestStack stack) =>
        stack.Live.Table.Backends.Keys.Select(id => id.Tls).SingleOrDefault(tls => tls is not null);
}
