using IngressController.Tests.Fakes;

namespace IngressController.Tests.Charts;

/// <summary>
/// The notes of an installation. <c>helm template</c> does not print them, so a copy of the chart has them in a ConfigMap.
/// </summary>
public sealed class ChartNotesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [HelmTheory]
    [InlineData("default", "kubectl -n yarp-ingress rollout status deployment/yarp-ingress", "get service yarp-ingress --watch", "--class=yarp", "port-forward deployment/yarp-ingress 10254:admin", "/api/diagnostics")]
    [InlineData("daemonset-host-network", "rollout status daemonset/yarp-ingress", "each node that runs one of its Pods, ports 8080 and 8443")]
    [InlineData("node-ports", "each node, at the node ports of", "\nservice.externalIPs is deprecated since Kubernetes 1.36")]
    [InlineData("dual-stack", "only inside the cluster: yarp-ingress.yarp-ingress.svc", "port-forward service/yarp-ingress 8080:80")]
    [InlineData("existing-objects", "spec.controller: yarp.ingress.kubernetes.io/controller", "service.enabled is false", "rbac.create is false: grant the ServiceAccount ingress", "not written: status.update is false", "No Events are written: events.enabled is false")]
    [InlineData("single-replica-without-leader", "not written: leaderElection.enabled is false", "There is only one replica")]
    [InlineData("watch-namespaces", "class teams in team-a, team-b.")]
    [InlineData("internal-service-only", "get service yarp-ingress-internal")]
    [InlineData("names", "edge is the default class")]
    [InlineData("deployment-host-ports", "each node that runs one of its Pods, ports 80 and 443", "There is also a Service of type LoadBalancer, and the Ingresses show its address", "no node with one of its Pods can be drained")]
    public void They_describe_the_next_steps(string name, params string[] expected)
    {
        var notes = Notes(new ChartCase(name).ValuesFile);
        Assert.All(expected, text => Assert.Contains(text, notes, StringComparison.Ordinal));
        Assert.DoesNotContain("<no value>", notes, StringComparison.Ordinal);
        Assert.DoesNotContain("\n\n\n", notes, StringComparison.Ordinal);
    }

    private string Notes(string valuesFile)
    {
        foreach (var file in Directory.EnumerateFiles(RepositoryFile.Chart, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(_folder, Path.GetRelativePath(RepositoryFile.Chart, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        File.Move(Path.Combine(_folder, "templates", "NOTES.txt"), Path.Combine(_folder, "notes.txt"));
        File.WriteAllText(Path.Combine(_folder, "templates", "notes.yaml"), """
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: notes
            data:
              notes: {{ tpl (.Files.Get "notes.txt") . | toJson }}
            """);
        var (code, rendered, error) = HelmProgram.Run(
            "template", "yarp-ingress", _folder, "--namespace", "yarp-ingress", "--values", valuesFile, "--show-only", "templates/notes.yaml");
        Assert.True(code == 0, error);
        return ChartCase.Text(Assert.Single(ChartCase.Parse(rendered))["data"]!["notes"]);
    }
}
