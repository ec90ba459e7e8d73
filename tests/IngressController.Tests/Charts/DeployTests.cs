using System.Text;
using System.Text.Json.Nodes;
using IngressController.Tests.Cli;

namespace IngressController.Tests.Charts;

/// <summary>The files of deploy/ agree with the chart and the program.</summary>
public sealed class DeployTests
{
    private static readonly string Base = RepositoryFile.Find("deploy", "base");

    /// <summary>
    /// Labels that only apply to a Helm release are removed, and so is the session key: one that is published is none. <c>UPDATE_GOLDEN=1</c> rewrites it.
    /// </summary>
    [HelmFact]
    public void The_base_is_the_default_rendering_of_the_chart()
    {
        var (code, rendered, error) = HelmProgram.Template(null, "--set", "sessionKey.create=false");
        Assert.True(code == 0, error);
        var plain = new StringBuilder("# Rendered from charts/yarp-ingress with its default values, without a session key.\n");
        foreach (var line in rendered.TrimEnd().Split('\n'))
        {
            if (!line.StartsWith("# Source: ", StringComparison.Ordinal) && line.Trim() is not "app.kubernetes.io/managed-by: Helm" && !line.TrimStart().StartsWith("helm.sh/chart: ", StringComparison.Ordinal))
                plain.Append(line).Append('\n');
        }

        RepositoryFile.AssertIs(Path.Combine(Base, "yarp-ingress.yaml"), plain.ToString());
    }

    [Fact]
    public void The_base_lists_its_files_and_creates_their_namespace()
    {
        var listed = Assert.Single(Read("base", "kustomization.yaml"))["resources"]!.AsArray().Select(file => (string)file!);
        Assert.Equal(["kustomization.yaml", .. listed], Directory.EnumerateFiles(Base).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        var made = ChartCase.NameOf(Assert.Single(Read("base", "namespace.yaml")));
        Assert.All(Read("base", "yarp-ingress.yaml"), item => Assert.Equal(made, (string?)item["metadata"]!["namespace"] ?? made));
    }

    [HelmFact]
    public void The_values_for_kind_use_the_ports_that_its_cluster_maps()
    {
        var (code, rendered, error) = HelmProgram.Template(RepositoryFile.Find("deploy", "kind", "values.yaml"), "--set-string", "image.tag=dev-0123456789ab");
        Assert.True(code == 0, error);
        var pod = ChartCase.Parse(rendered).Single(item => ChartCase.Kind(item) == "Deployment")["spec"]!["template"]!["spec"]!;
        var container = pod["containers"]![0]!;
        var node = Assert.Single(Read("kind", "cluster.yaml"))["nodes"]![0]!;

        Assert.Equal("yarp-ingress:dev-0123456789ab", (string?)container["image"]);
        Assert.Equal(
            node["extraPortMappings"]!.AsArray().Select(mapping => mapping!["containerPort"]!.GetValue<long>()),
            container["ports"]!.AsArray().Select(port => port!["hostPort"]?.GetValue<long>()).OfType<long>());
        Assert.All(pod["nodeSelector"]!.AsObject(), label => Assert.Equal((string?)label.Value, (string?)node["labels"]![label.Key]));
        Assert.All(node["extraPortMappings"]!.AsArray(), mapping => Assert.Equal("127.0.0.1", (string?)mapping!["listenAddress"]));
    }

    [Fact]
    public async Task The_demo_application_has_no_findings()
    {
        var (code, output, error) = await CommandRun.InvokeAsync(["lint", RepositoryFile.Find("deploy", "demo", "app.yaml")]);
        Assert.Equal(("1 file, 1 Ingress (1 claimed): 0 errors, 0 warnings\n", "", 0), (output, error, code));
    }

    [Fact]
    public void The_demo_application_runs_echo_in_a_namespace_of_restricted_Pods()
    {
        var objects = Read("demo", "app.yaml");
        var space = objects.Single(item => ChartCase.Kind(item) == "Namespace");
        Assert.Equal("restricted", (string?)space["metadata"]!["labels"]!["pod-security.kubernetes.io/enforce"]);
        Assert.All(objects.Where(item => item != space), item => Assert.Equal(ChartCase.NameOf(space), (string?)item["metadata"]!["namespace"]));

        var deployment = objects.Single(item => ChartCase.Kind(item) == "Deployment");
        var pod = deployment["spec"]!["template"]!["spec"]!.AsObject();
        Assert.Empty(RestrictedLevel.Findings(pod));
        var container = Assert.Single(pod["containers"]!.AsArray())!;
        Assert.Equal("yarp-ingress:dev", (string?)container["image"]);
        Assert.Equal(["echo", $"--http-port={container["ports"]![0]!["containerPort"]}"], container["args"]!.AsArray().Select(argument => (string?)argument));
    }

    private static IReadOnlyList<JsonObject> Read(params string[] parts) => ChartCase.Parse(RepositoryFile.Read(["deploy", .. parts]));
}
