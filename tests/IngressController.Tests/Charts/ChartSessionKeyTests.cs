using System.Text;

namespace IngressController.Tests.Charts;

/// <summary>The Secret with the key of session cookies.</summary>
public sealed class ChartSessionKeyTests
{
    [HelmFact]
    public void Each_installation_has_a_random_key_of_its_own_that_the_controller_reads()
    {
        string[] arguments = ["template", "edge", RepositoryFile.Chart, "--namespace", "edge"];
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 2; i++)
        {
            var (code, rendered, error) = HelmProgram.Run(arguments);
            Assert.True(code == 0, error);
            var objects = ChartCase.Parse(rendered);
            var secret = Assert.Single(objects, item => ChartCase.Kind(item) == "Secret");
            var key = Encoding.ASCII.GetString(Convert.FromBase64String(ChartCase.Text(secret["data"]!["key"])));
            Assert.Equal(64, key.Length);
            Assert.True(keys.Add(key), "two installations have the same key");

            var pod = objects.Single(item => ChartCase.Kind(item) == "Deployment")["spec"]!["template"]!["spec"]!;
            var container = pod["containers"]![0]!;
            var mount = Assert.Single(container["volumeMounts"]!.AsArray())!;
            var volume = Assert.Single(pod["volumes"]!.AsArray())!;
            Assert.Equal(ChartCase.Text(volume["name"]), ChartCase.Text(mount["name"]));
            Assert.Equal(ChartCase.NameOf(secret), ChartCase.Text(volume["secret"]!["secretName"]));
            var file = $"{ChartCase.Text(mount["mountPath"])}/{ChartCase.Text(volume["secret"]!["items"]![0]!["path"])}";
            Assert.Contains($"--session-key-file={file}", container["args"]!.AsArray().Select(argument => ChartCase.Text(argument)));
        }
    }

    [HelmTheory]
    [InlineData("existing-objects", "sessions")]
    [InlineData("single-replica-without-leader", null)]
    public void With_an_existing_Secret_or_none_it_makes_none(string name, string? secret)
    {
        var chart = new ChartCase(name);
        Assert.DoesNotContain(chart.Objects, item => ChartCase.Kind(item) == "Secret");
        var volumes = (chart.PodSpec["volumes"]?.AsArray() ?? []).Select(volume => (string?)volume!["secret"]?["secretName"]).OfType<string>();
        Assert.Equal(secret is null ? [] : [secret], volumes);
        Assert.Equal(secret is not null, chart.Arguments.Any(argument => argument.StartsWith("--session-key-file=", StringComparison.Ordinal)));
    }
}
