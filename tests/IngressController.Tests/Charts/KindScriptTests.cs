using System.Diagnostics;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Charts;

/// <summary>The scripts of deploy/kind, with stubs for kind, docker, kubectl, helm and curl that record their calls.</summary>
public sealed class KindScriptTests : IDisposable
{
    private static readonly string[] Programs = ["kind", "docker", "kubectl", "helm", "curl"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Up_creates_the_cluster_loads_the_image_installs_the_chart_and_requests_the_demo_host()
    {
        Install(Programs);
        var (code, output) = Run("up.sh");

        Assert.True(code == 0, output);
        Assert.Equal(
            [
                "docker info",
                "kind get clusters",
                "kind create cluster --name yarp-ingress --config ROOT/deploy/kind/cluster.yaml --wait 120s",
                "docker build --tag yarp-ingress:dev ROOT",
                "docker image inspect --format {{.Id}} yarp-ingress:dev",
                "docker tag yarp-ingress:dev yarp-ingress:dev-0123456789ab",
                "kind load docker-image yarp-ingress:dev-0123456789ab --name yarp-ingress",
                "helm upgrade --install yarp-ingress ROOT/charts/yarp-ingress --kube-context kind-yarp-ingress --namespace yarp-ingress --create-namespace --values ROOT/deploy/kind/values.yaml --set-string image.tag=dev-0123456789ab --wait --timeout 180s",
                "kubectl --context kind-yarp-ingress apply --filename -",
                "kubectl --context kind-yarp-ingress --namespace echo rollout status deployment/echo --timeout 120s",
                "curl --silent --show-error --fail --retry 10 --retry-delay 1 --retry-all-errors --max-time 10 --noproxy * --resolve echo.localhost:80:127.0.0.1 http://echo.localhost/hello",
            ],
            Calls());
        Assert.Contains("image: yarp-ingress:dev-0123456789ab\n", File.ReadAllText(Path.Combine(_folder, "applied")), StringComparison.Ordinal);
        Assert.Contains("It works: echo.localhost is served.", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Up_keeps_an_existing_cluster()
    {
        Install(Programs);
        File.WriteAllText(Path.Combine(_folder, "clusters"), "another\nmine\n");
        var (code, output) = Run("up.sh", "mine");

        Assert.True(code == 0, output);
        Assert.DoesNotContain(Calls(), call => call.StartsWith("kind create", StringComparison.Ordinal));
        Assert.Contains(Calls(), call => call.Contains("--kube-context kind-mine ", StringComparison.Ordinal));
    }

    [Fact]
    public void Up_names_missing_programs_before_it_does_anything()
    {
        Install("docker", "curl", "kubectl");
        var (code, output) = Run("up.sh");

        Assert.Equal(1, code);
        Assert.Equal("kind is missing: https://kind.sigs.k8s.io/docs/user/quick-start/#installation\nhelm is missing: https://helm.sh/docs/intro/install/\n", output);
        Assert.Empty(Calls());
    }

    [Fact]
    public void Up_shows_the_log_when_the_demo_host_does_not_answer()
    {
        Install(Programs);
        File.WriteAllText(Path.Combine(_folder, "curl-fails"), "");
        var (code, output) = Run("up.sh");

        Assert.Equal(1, code);
        Assert.Equal("kubectl --context kind-yarp-ingress --namespace yarp-ingress logs deployment/yarp-ingress --tail 50", Calls()[^1]);
        Assert.DoesNotContain("It works", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yarp-ingress\n", "kind get clusters", "kind delete cluster --name yarp-ingress")]
    [InlineData("yarp-ingress-2\n", "kind get clusters")]
    public void Down_deletes_the_cluster_of_up(string clusters, params string[] calls)
    {
        Install(Programs);
        File.WriteAllText(Path.Combine(_folder, "clusters"), clusters);
        var (code, output) = Run("down.sh");
        Assert.True(code == 0, output);
        Assert.Equal(calls, Calls());
    }

    private void Install(params string[] programs)
    {
        foreach (var program in programs)
        {
            var file = Path.Combine(_folder, "bin", program);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, """
                #!/bin/bash
                here="$(cd "$(dirname "$0")/.." && pwd)"
                echo "$(basename "$0") $*" >>"$here/calls"
                case "$(basename "$0") $*" in
                  "kind get clusters") [ ! -f "$here/clusters" ] || cat "$here/clusters" ;;
                  "docker image inspect"*) echo sha256:0123456789abcdef0123456789abcdef ;;
                  *"apply --filename -") cat >"$here/applied" ;;
                  curl*) [ ! -f "$here/curl-fails" ] ;;
                esac
                """);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        // Other tools that the scripts use. The PATH contains nothing else, so that no real program is called.
        foreach (var tool in (string[])["bash", "basename", "dirname", "cat", "grep", "sed"])
            File.CreateSymbolicLink(Path.Combine(_folder, "bin", tool), File.Exists($"/usr/bin/{tool}") ? $"/usr/bin/{tool}" : $"/bin/{tool}");
    }

    private string[] Calls()
    {
        var file = Path.Combine(_folder, "calls");
        return File.Exists(file) ? [.. File.ReadAllLines(file).Select(line => line.Replace(RepositoryFile.Find().TrimEnd('/'), "ROOT", StringComparison.Ordinal))] : [];
    }

    private (int Code, string Output) Run(string script, string? cluster = null)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-c", "exec \"$0\" 2>&1", RepositoryFile.Find("deploy", "kind", script)]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = Path.Combine(_folder, "bin");
        start.Environment.Remove("KIND_CLUSTER_NAME");
        if (cluster is not null)
            start.Environment["KIND_CLUSTER_NAME"] = cluster;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
