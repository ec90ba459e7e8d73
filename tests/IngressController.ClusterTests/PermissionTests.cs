using System.Diagnostics;
using System.Net;
using IngressController.ClusterTests.Fixture;
using IngressController.Kubernetes.Watching;
using Microsoft.Extensions.Logging;

namespace IngressController.ClusterTests;

/// <summary>The controller with missing RBAC permissions.</summary>
[Collection(ClusterCollection.Name)]
public sealed class PermissionTests(ClusterFixture cluster)
{
    private static readonly ReflectorTimings Timings = new() { MinBackoff = TimeSpan.FromMilliseconds(100), ForbiddenBackoff = TimeSpan.FromMilliseconds(500) };

    [ClusterFact]
    public Task Without_access_to_Secrets_the_controller_waits_and_names_the_permission() => WaitsForPermissionAsync("", "secrets", "secrets");

    [ClusterFact]
    public Task Without_access_to_ConfigMaps_the_controller_waits_and_names_the_permission() => WaitsForPermissionAsync("", "configmaps", "configmaps");

    [ClusterFact]
    public Task Without_access_to_IngressClasses_the_controller_waits_and_names_the_permission() =>
        WaitsForPermissionAsync("networking.k8s.io", "ingressclasses", "ingressclasses.networking.k8s.io");

    [ClusterFact]
    public async Task Without_the_verb_get_the_controller_waits_for_referenced_Secrets_and_names_the_permission()
    {
        const string Account = "restricted";
        const string Host = "get.forbidden.example";
        var ns = await cluster.NewNamespaceWithServicesAsync();
        using var certificate = Manifests.Certificate(Host);
        await cluster.Client.ApplyAsync(Manifests.TlsSecret("tls", certificate), ns);
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", Host, "a", tlsSecret: "tls"), ns);
        await cluster.Client.ApplyAsync(Manifests.Grant(Account, Manifests.ControllerRules, withoutGet: "secrets"));
        await UntilAllowedAsync(Account, "/api/v1/secrets", allowed: true);
        await UntilAllowedAsync(Account, $"/api/v1/namespaces/{ns}/secrets/tls", allowed: false);
        await using var controller = await RunningController.StartAsync(cluster.Server, Account, [ns], Timings, untilReady: false);

        await Wait.UntilAsync(
            async () => (await controller.ReadyzAsync()).Text.StartsWith($"not ready: waiting for secrets {ns}/tls (forbidden: ", StringComparison.Ordinal),
            "readyz names the Secret", controller.Log.ToString);
        Assert.EndsWith("; grant the verb get on secrets)", (await controller.ReadyzAsync()).Text, StringComparison.Ordinal);

        await cluster.Client.ApplyAsync(Manifests.Grant(Account, Manifests.ControllerRules));
        await controller.UntilReadyAsync();
        Assert.Equal(certificate.SerialNumber, await controller.Client.CertificateAsync(Host));
    }

    [ClusterFact]
    public async Task A_replica_leads_again_soon_after_it_may_write_the_Lease_again()
    {
        const string Account = "restricted";
        var ns = await cluster.NewNamespaceWithServicesAsync();
        var lease = $"/apis/coordination.k8s.io/v1/namespaces/{ns}/leases/any";
        await cluster.Client.ApplyAsync(Manifests.Grant(Account, Manifests.ControllerRules));
        await cluster.Client.ApplyAsync(Manifests.GrantLeadership(Account));
        await using var controller = await RunningController.StartAsync(cluster.Server, Account, [ns], Timings, leadsIn: ns);
        await Wait.UntilAsync(controller.IsLeaderAsync, "the replica leads", controller.Log.ToString);

        await cluster.Client.DeleteAsync(Manifests.GrantLeadership(Account));
        // The lease is renewed until its deadline: several attempts are refused, so that the wait between them has grown.
        await Wait.UntilAsync(async () => !await controller.IsLeaderAsync(), "it leads no longer", controller.Log.ToString);

        await cluster.Client.ApplyAsync(Manifests.GrantLeadership(Account));
        await UntilAllowedAsync(Account, lease, HttpStatusCode.NotFound);
        var start = Stopwatch.GetTimestamp();
        await Wait.UntilAsync(controller.IsLeaderAsync, "the replica leads again", controller.Log.ToString);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await cluster.Client.DeleteAsync(Manifests.GrantLeadership(Account));
    }

    private async Task WaitsForPermissionAsync(string group, string resource, string name)
    {
        const string Account = "restricted";
        var host = $"{resource}.forbidden.example";
        var ns = await cluster.NewNamespaceWithServicesAsync();
        await cluster.Client.ApplyAsync(Manifests.Ingress("i", host, "a"), ns);
        await cluster.Client.ApplyAsync(Manifests.Grant(Account, Manifests.ControllerRules.Where(rule => rule.Resource != resource)));
        // The API server applies changed roles with a delay.
        await UntilAllowedAsync(Account, group, resource, allowed: false);
        await UntilAllowedAsync(Account, "", "services", allowed: true);
        await using var controller = await RunningController.StartAsync(cluster.Server, Account, timings: Timings, untilReady: false);

        var lists = new[] { "endpointslices", "ingresses", "ingressclasses", "services", "secrets", "configmaps" }.Where(list => list != resource);
        await Wait.UntilAsync(
            () => Task.FromResult(lists.All(list => controller.Log.Lines.Any(line => line.Text.StartsWith($"watching {list}", StringComparison.Ordinal)))),
            "the other resources are watched", controller.Log.ToString);
        await Wait.UntilAsync(
            () => Task.FromResult(controller.Log.Lines.Any(line => line.Level == LogLevel.Warning)), "the 403 is logged", controller.Log.ToString);

        var (status, reason) = await controller.ReadyzAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.StartsWith($"not ready: waiting for {name} (forbidden: ", reason, StringComparison.Ordinal);
        var warning = Assert.Single(controller.Log.Lines, line => line.Level >= LogLevel.Warning).Text;
        Assert.StartsWith($"cannot watch {name} in all namespaces: forbidden: ", warning, StringComparison.Ordinal);
        Assert.Contains($"User \"{ServiceAccounts.UserOf(Account)}\" cannot", warning, StringComparison.Ordinal);
        Assert.Contains($"; grant the verbs list and watch on {name}; next attempt in ", warning, StringComparison.Ordinal);

        await cluster.Client.ApplyAsync(Manifests.Grant(Account, Manifests.ControllerRules));
        await controller.UntilReadyAsync();
        await controller.UntilAnswerAsync($"http://{host}/", "200 a");
    }

    private Task UntilAllowedAsync(string account, string group, string resource, bool allowed) =>
        UntilAllowedAsync(account, group.Length == 0 ? $"/api/v1/{resource}" : $"/apis/{group}/v1/{resource}", allowed);

    private Task UntilAllowedAsync(string account, string path, bool allowed) =>
        UntilAllowedAsync(account, path, allowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden);

    private async Task UntilAllowedAsync(string account, string path, HttpStatusCode status)
    {
        using var client = new ClusterClient(cluster.Server.Address, ServiceAccounts.TokenOf(account));
        await Wait.UntilAsync(
            async () =>
            {
                using var answer = await client.Http.GetAsync(path);
                return answer.StatusCode == status;
            },
            $"{account} gets {status} from {path}");
    }
}
