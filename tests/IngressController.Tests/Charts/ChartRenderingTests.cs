namespace IngressController.Tests.Charts;

/// <summary>What the chart makes of values, by example; <c>UPDATE_GOLDEN=1</c> writes the renderings anew.</summary>
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

    /// <summary>The first line of the file says which value is refused, or with which words.</summary>
    [HelmTheory]
    [MemberData(nameof(Invalid))]
    public void Values_that_cannot_be_are_refused_by_name(string name)
    {
        const string Prefix = "# refused: ";
        var file = Path.Combine(RepositoryFile.Cases, ChartCase.InvalidFolder, $"{name}.yaml");
        var expected = File.ReadLines(file).First();
        Assert.StartsWith(Prefix, expected, StringComparison.Ordinal);

        var (code, rendered, error) = HelmProgram.Template(file);

        Assert.NotEqual(0, code);
        Assert.Empty(rendered);
        // Versions of helm write the path of a value with dots or with slashes.
        Assert.Contains(expected[Prefix.Length..].Replace('/', '.'), error.Replace('/', '.'), StringComparison.Ordinal);
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
