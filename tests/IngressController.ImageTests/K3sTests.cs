using IngressController.ClusterTests.Fixture;
using IngressController.ImageTests.Fixture;
using IngressController.Tests;
using IngressController.Tests.Charts;
using IngressController.Tests.Shutdown;

namespace IngressController.ImageTests;

/// <summary>The steps of README.md in a whole cluster: kubelet, kube-proxy, and a current API server.</summary>
public sealed class K3sTests
{
    private const string Host = "echo.localhost";

    [K3sFact]
    public async Task The_chart_installs_serves_restarts_without_a_lost_request_and_uninstalls()
    {
        await using var cluster = await K3sCluster.StartAsync(K3sFactAttribute.Image);
        cluster.Helm(["install", "--create-namespace", "--wait", "--timeout=180s", .. ChartInstallArguments.For(IngressImage.Name)]);
        await cluster.ApplyAsync(RepositoryFile.Read("deploy", "demo", "app.yaml").Replace("yarp-ingress:dev", IngressImage.Name, StringComparison.Ordinal));
        await cluster.KubectlAsync("--namespace=echo", "rollout", "status", "deployment/echo", "--timeout=120s");

        using (var client = new ProxyClient(() => cluster.HttpPort, () => cluster.HttpsPort))
        {
            await Wait.UntilAsync(async () => (await client.AnswerAsync($"http://{Host}/")).StartsWith("200 ", StringComparison.Ordinal), "the demo host answers");
            Assert.StartsWith("200 ", await client.AnswerAsync($"https://{Host}/"), StringComparison.Ordinal);
        }

        await RequireStatusAndEventsAsync(cluster);
        await RequireNoLossAsync(cluster);
        await RequireNothingLeftAfterUninstallAsync(cluster);
    }

    /// <summary>Tests the arguments of the installation without a cluster.</summary>
    [HelmFact]
    public void The_chart_renders_with_the_arguments_of_the_installation()
    {
        var (code, rendered, error) = HelmProgram.Run(["template", .. ChartInstallArguments.For("registry.example:5000/team/yarp-ingress:1.2.3")]);
        Assert.True(code == 0, error);
        Assert.Contains("image: \"registry.example:5000/team/yarp-ingress:1.2.3\"", rendered, StringComparison.Ordinal);
        Assert.Contains("imagePullPolicy: Never", rendered, StringComparison.Ordinal);
        Assert.Contains("nodePort: 30080", rendered, StringComparison.Ordinal);
        Assert.Contains("nodePort: 30443", rendered, StringComparison.Ordinal);
        Assert.Contains("--publish-status-address=203.0.113.7", rendered, StringComparison.Ordinal);
    }

    private static async Task RequireStatusAndEventsAsync(K3sCluster cluster)
    {
        await UntilAsync(
            () => cluster.KubectlAsync("--namespace=echo", "get", "ingress", "echo", "--output=jsonpath={.status.loadBalancer.ingress[*].ip}"),
            ChartInstallArguments.PublishedAddress);
        await cluster.ApplyAsync(Manifests.FaultyIngress("faulty", "faulty.localhost", "nowhere"));
        await UntilAsync(() => cluster.KubectlAsync("describe", "ingress", "faulty"), "AnnotationInvalid");
    }

    /// <summary>Replaces all Pods while clients of every kind send requests.</summary>
    private static async Task RequireNoLossAsync(K3sCluster cluster)
    {
        var pods = await PodsAsync(cluster);
        Assert.NotEmpty(pods);
        RestartLoad[] loads =
        [
            RestartLoad.KeepAlive(cluster.HttpPort, clients: 4, Host), RestartLoad.NewConnections(cluster.HttpPort, clients: 4, Host),
            RestartLoad.Http2(cluster.HttpsPort, clients: 4, Host),
        ];
        await cluster.KubectlAsync(InNamespace, "rollout", "restart", "deployment/yarp-ingress");
        await cluster.KubectlAsync(InNamespace, "rollout", "status", "deployment/yarp-ingress", "--timeout=180s");
        await cluster.KubectlAsync([InNamespace, "wait", "--for=delete", "--timeout=120s", .. pods]);

        foreach (var load in loads)
        {
            await load.DisposeAsync();
            Assert.All(load.Answers.Keys, answer => Assert.StartsWith("200 ", answer, StringComparison.Ordinal));
            Assert.True(load.Answers.Values.Sum() > 100, $"{load.Answers.Values.Sum()} requests are too small a load");
        }

        Assert.Empty((await PodsAsync(cluster)).Intersect(pods));
    }

    private static async Task RequireNothingLeftAfterUninstallAsync(K3sCluster cluster)
    {
        cluster.Helm("uninstall", ChartInstallArguments.Release, "--namespace", ChartInstallArguments.Namespace, "--wait", "--timeout=120s");
        var left = await cluster.KubectlAsync("get", "ingressclasses,clusterroles,clusterrolebindings", "--output=name");
        left += await cluster.KubectlAsync(InNamespace, "get", "deployments,services,serviceaccounts,roles,rolebindings,configmaps", "--output=name");
        Assert.DoesNotContain("yarp", left, StringComparison.Ordinal);
        // The garbage collector deletes the Lease after its owner, the service account.
        await Wait.UntilAsync(
            async () => !(left = await cluster.KubectlAsync(InNamespace, "get", "leases", "--output=name")).Contains("yarp", StringComparison.Ordinal),
            "the Lease is deleted", () => left);
    }

    private static string InNamespace => $"--namespace={ChartInstallArguments.Namespace}";

    /// <summary>Returns the Pods of the controller, as kubectl names them: pod/NAME.</summary>
    private static async Task<string[]> PodsAsync(K3sCluster cluster) =>
        (await cluster.KubectlAsync(InNamespace, "get", "pods", "--output=name")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static async Task UntilAsync(Func<Task<string>> ask, string text)
    {
        var last = "";
        await Wait.UntilAsync(async () => (last = await ask()).Contains(text, StringComparison.Ordinal), $"the output contains {text}", () => last);
    }
}
