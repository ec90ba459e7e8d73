using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IngressController.ClusterTests.Fixture;
using IngressController.Tests.Charts;
using static IngressController.ClusterTests.Charts.ChartGrants;

namespace IngressController.ClusterTests.Charts;

/// <summary>The roles of the chart: the controller works with them, and they grant nothing else.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ChartPermissionTests(ClusterFixture cluster) : IAsyncLifetime
{
    private const string Everywhere = "yarp-ingress:yarp-ingress";

    private const string Teams = "yarp-ingress:yarp-teams";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly List<JsonObject> _applied = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var item in _applied)
            await cluster.Client.DeleteAsync(item);
    }

    [ClusterFact]
    public async Task Cluster_wide_roles_grant_only_the_required_permissions()
    {
        await ApplyAsync("default");
        await GrantsAsync(Everywhere,
            [.. WhereIngressesAreServed("team-a"), "list secrets", "watch configmaps", "list ingresses.networking.k8s.io", .. OfItself("yarp-ingress-leader")],
            ["get nodes", .. NeverAllowed]);
    }

    [ClusterFact]
    public async Task Roles_in_named_namespaces_grant_nothing_in_others()
    {
        await ApplyAsync("watch-namespaces");
        await GrantsAsync(Teams,
            [
                .. WhereIngressesAreServed("team-a"), .. WhereIngressesAreServed("team-b"), .. OfItself("yarp-teams-leader"),
                "get secrets/wildcard in certificates", "list secrets/wildcard in certificates", "watch secrets/wildcard in certificates", "create events.events.k8s.io in certificates",
                "get configmaps/yarp-teams in yarp-ingress", "list configmaps/yarp-teams in yarp-ingress", "watch services/yarp-teams in yarp-ingress",
                "list endpointslices.discovery.k8s.io in yarp-ingress", "create events.events.k8s.io in yarp-ingress",
            ],
            [
                "list secrets", "get secrets", "list configmaps", "list services", "list ingresses.networking.k8s.io", "list endpointslices.discovery.k8s.io",
                "get secrets/other in certificates", "list secrets in certificates", "get secrets in yarp-ingress", "list secrets in yarp-ingress",
                "get secrets in kube-system", "get secrets in team-c", "list configmaps in yarp-ingress", "list services in yarp-ingress",
                "list ingresses.networking.k8s.io in yarp-ingress", "patch ingresses.networking.k8s.io/status in team-c", "create events.events.k8s.io in team-c",
                "get leases.coordination.k8s.io/yarp-ingress-leader in yarp-ingress", "get nodes", .. NeverAllowed,
            ]);
    }

    [ClusterFact]
    public async Task With_host_networking_single_Nodes_can_be_read()
    {
        await ApplyAsync("daemonset-host-network");
        await GrantsAsync(Everywhere, ["get nodes/a", .. WhereIngressesAreServed("team-a")], NeverAllowed);
    }

    [ClusterFact]
    public async Task Without_leader_election_nothing_can_be_written()
    {
        await ApplyAsync("single-replica-without-leader");
        await GrantsAsync(Everywhere,
            ["list ingresses.networking.k8s.io in team-a", "get secrets in team-a"],
            [
                "patch ingresses.networking.k8s.io/status in team-a", "create events.events.k8s.io in team-a", "patch events.events.k8s.io in team-a",
                "create leases.coordination.k8s.io in yarp-ingress", "get leases.coordination.k8s.io/yarp-ingress-leader in yarp-ingress", "get nodes", .. NeverAllowed,
            ]);
    }

    [ClusterFact]
    public Task The_controller_serves_with_the_roles_of_a_default_installation() => ServesAsync("default", Everywhere, "yarp", "default.chart.example");

    [ClusterFact]
    public async Task The_controller_serves_with_roles_in_named_namespaces_only()
    {
        using var certificate = Manifests.Certificate("teams.chart.example");
        await NewNamespaceAsync("certificates");
        await cluster.Client.ApplyAsync(Manifests.TlsSecret("wildcard", certificate), "certificates");
        await ServesAsync("watch-namespaces", Teams, "teams", "teams.chart.example", certificate.SerialNumber);
    }

    /// <summary>Runs the program with the arguments of the rendered Pod as its service account.</summary>
    private async Task ServesAsync(string name, string account, string ingressClass, string host, string? serialNumber = null)
    {
        await ApplyAsync(name);
        await NewNamespaceAsync("team-a");
        await cluster.Client.ApplyAsync(Manifests.Service("a"), "team-a");
        await cluster.Client.ApplyAsync(Manifests.Slice("a", cluster.Backend.Port("a")), "team-a");
        using var own = Manifests.Certificate(host);
        await cluster.Client.ApplyAsync(Manifests.TlsSecret("own", own), "team-a");
        await cluster.Client.ApplyAsync(Manifests.TlsSecret("unreferenced", own), "team-a");
        var ingress = Manifests.Ingress("i", host, "a", ingressClass: ingressClass, tlsSecret: serialNumber is null ? "own" : null);
        await cluster.Client.ApplyAsync(ingress, "team-a");
        await UntilAsync(account, [new AccessReview(true, "get secrets in team-a"), new AccessReview(true, "list ingressclasses.networking.k8s.io")]);

        var (http, https, admin) = (FreePort.Take(), FreePort.Take(), FreePort.Take());
        using var process = ChildProcess.StartController(
            [
                .. new ChartCase(name).Arguments.Where(argument => !argument.Contains("-port=", StringComparison.Ordinal) && !argument.StartsWith("--shutdown-delay", StringComparison.Ordinal)
                    && !argument.StartsWith("--session-key-file", StringComparison.Ordinal)),
                $"--http-port={http}", $"--https-port={https}", $"--admin-port={admin}", "--bind-address=127.0.0.1",
                "--shutdown-delay=0", $"--kubeconfig={cluster.Server.WriteKubeconfig(ServiceAccounts.TokenOf(account))}",
            ],
            ("POD_NAMESPACE", "yarp-ingress"), ("POD_NAME", "yarp-ingress-0"));
        await process.UntilOutputAsync("ready: ", Limit);
        using var client = new ProxyClient(() => http, () => https);
        await client.UntilAnswerAsync($"https://{host}/", "200 a", () => process.Output);
        Assert.Equal(serialNumber ?? own.SerialNumber, await client.CertificateAsync(host));
        using var adminClient = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Wait.UntilAsync(
            async () => (await adminClient.GetFromJsonAsync<JsonNode>($"http://127.0.0.1:{admin}/api/leader"))!["isLeader"]!.GetValue<bool>(), "the replica leads", () => process.Output);
        await UntilWrittenAsync(new ChartCase(name), process);

        process.Terminate();
        Assert.Equal(0, await process.WaitForExitAsync(Limit));
        Assert.DoesNotContain("warn:", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", process.Output, StringComparison.Ordinal);
        await cluster.Client.DeleteAsync(ingress, "team-a");
        await RequireLeastPrivilegeAsync(account, serialNumber is null ? ["team-a/own"] : ["certificates/wildcard"]);
    }

    /// <summary>Waits for the writes of a leader: the address of the published Service, and an Event for an invalid Ingress.</summary>
    private async Task UntilWrittenAsync(ChartCase chart, ChildProcess process)
    {
        var published = chart.Arguments.Single(argument => argument.StartsWith("--publish-service=", StringComparison.Ordinal)).Split('/')[^1];
        await cluster.Client.WriteStatusAsync($"/api/v1/namespaces/yarp-ingress/services/{published}", """[{"ip": "192.0.2.1"}]""", "cloud");
        await UntilAsync("/apis/networking.k8s.io/v1/namespaces/team-a/ingresses/i", "192.0.2.1");

        var faulty = Manifests.FaultyIngress("faulty", $"faulty.{published}.example", "missing", ingressClass: chart.Objects.Where(item => ChartCase.Kind(item) == "IngressClass").Select(ChartCase.NameOf).Single());
        await cluster.Client.ApplyAsync(faulty, "team-a");
        await UntilAsync("/apis/events.k8s.io/v1/namespaces/team-a/events", "AnnotationInvalid");
        await cluster.Client.DeleteAsync(faulty, "team-a");

        Task UntilAsync(string path, string text) => Wait.UntilAsync(
            async () => (await cluster.Client.Http.GetStringAsync(path)).Contains(text, StringComparison.Ordinal), $"{path} says {text}", () => process.Output);
    }

    /// <summary>Checks in the audit log that no request was forbidden and that only referenced Secrets were read.</summary>
    private async Task RequireLeastPrivilegeAsync(string account, string[] secrets)
    {
        var requests = await cluster.Server.Audit.RequestsAsync(ServiceAccounts.UserOf(account));
        Assert.DoesNotContain(requests, request => request.Code == 403);
        Assert.Equal(secrets, Read("secrets"));
        Assert.Equal([$"yarp-ingress/{account.Split(':')[1]}"], Read("configmaps"));
        Assert.Contains(requests, request => request is { IsLease: true, IsDone: true, Verb: "create" });

        IEnumerable<string> Read(string resource) => requests.Where(request => request.Verb == "get" && request.Resource == resource).Select(request => request.Name).Distinct();
    }

    private Task GrantsAsync(string account, IEnumerable<string> allowed, IEnumerable<string> denied) =>
        UntilAsync(account, [.. allowed.Select(text => new AccessReview(true, text)), .. denied.Select(text => new AccessReview(false, text))]);

    /// <summary>Waits for the expected permissions; the API server applies changed roles with a delay.</summary>
    private async Task UntilAsync(string account, IReadOnlyList<AccessReview> reviews)
    {
        string[] differences = [];
        await Wait.UntilAsync(
            async () => (differences = await AccessReview.DifferencesAsync(cluster.Client, ServiceAccounts.UserOf(account), reviews)).Length == 0,
            $"{account} has the expected permissions", () => string.Join('\n', differences));
    }

    private async Task ApplyAsync(string name)
    {
        foreach (var item in ChartInstallation.Of(new ChartCase(name)))
        {
            await ChartInstallation.ApplyAsync(cluster.Client, item);
            // All tests share this class.
            if (ChartCase.NameOf(item) != "yarp")
                _applied.Add(item);
        }
    }

    private Task NewNamespaceAsync(string name) => cluster.Client.ApplyAsync($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}");
}
