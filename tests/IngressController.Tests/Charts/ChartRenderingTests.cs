namespace IngressController.Tests.Charts;

/// <summary>Renderings of the chart for example values. <c>UPDATE_GOLDEN=1</c> rewrites them.</summary>
public sealed class ChartRenderingTests
{
    public static TheoryData<string> Cases => ChartCase.Rows;

    public static TheoryData<string> Invalid => [.. ChartCase.InvalidNames];

    [HelmTheory]
    [MemberData(nameof(Cases))]
    public void A_case_renders_as_written(string name)
    {
        var chart = new ChartCase(name);
        var (code, rendered, error) = HelmProgram.Template(chart.ValuesFile);
        Assert.True(code == 0, error);
        RepositoryFile.AssertIs(chart.RenderedFile, rendered);
    }

    [HelmTheory]
    [MemberData(nameof(Cases))]
    public void A_case_lints(string name)
    {
        var (code, output, error) = HelmProgram.Run("lint", RepositoryFile.Chart, "--values", new ChartCase(name).ValuesFile);
        Assert.True(code == 0, output + error);
        Assert.DoesNotContain("[WARNING]", output, StringComparison.Ordinal);
    }

    /// <summary>The first line of the file names the rejected value, or the beginning of the message.</summary>
    [HelmTheory]
    [MemberData(nameof(Invalid))]
    public void Invalid_values_are_rejected_by_name(string name)
    {
        const string Prefix = "# rejected: ";
        var file = Path.Combine(RepositoryFile.Cases, ChartCase.InvalidFolder, $"{name}.yaml");
        var expected = File.ReadLines(file).First();
        Assert.StartsWith(Prefix, expected, StringComparison.Ordinal);

        var (code, rendered, error) = HelmProgram.Template(file);

        Assert.NotEqual(0, code);
        Assert.Empty(rendered);
        Assert.True(HelmRefusal.Names(error, expected[Prefix.Length..]), error);
    }

    [Theory]
    [InlineData("- (root): Additional property replicas is not allowed\n", "replicas")]
    [InlineData("- at '': additional properties 'replicas' not allowed\n", "replicas")]
    [InlineData("yarp-ingress:\n- config: Additional property hsts-maxage is not allowed\n\n", "config.hsts-maxage")]
    [InlineData("yarp-ingress:\n- at '/config': additional properties 'hst', 'hsts-maxage' not allowed\n\n", "config.hsts-maxage")]
    [InlineData("- watchNamespaces.0: Does not match pattern '^[a-z]'\n", "watchNamespaces")]
    [InlineData("- at '/watchNamespaces/0': 'Team_A' does not match pattern '^[a-z]'\n", "watchNamespaces")]
    [InlineData("Error: execution error at (yarp-ingress/templates/workload.yaml:1:4): ports.http: must differ\n", "ports.http")]
    public void The_messages_of_all_helm_versions_name_the_value(string error, string expected)
    {
        Assert.True(HelmRefusal.Names(error, expected));
        Assert.False(HelmRefusal.Names(error, "service"));
        Assert.False(HelmRefusal.Names(error, expected[1..]));
    }

    [Fact]
    public void There_are_enough_cases()
    {
        Assert.True(ChartCase.Names.Count() >= 12);
        Assert.True(ChartCase.InvalidNames.Count() >= 12);
    }

    [Fact]
    public void Each_folder_is_a_case() => Assert.All(
        ChartCase.Names.Select(name => new ChartCase(name)),
        chart => Assert.Equal(
            ["rendered.yaml", "values.yaml"], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(chart.ValuesFile)!).Select(Path.GetFileName).Order(StringComparer.Ordinal)));
}
