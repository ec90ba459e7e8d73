using IngressController.Kubernetes.Serialization;

namespace IngressController.Routing.Tests.Golden;

/// <summary>
/// The specification of translation by example. <c>UPDATE_GOLDEN=1</c> writes the out.yaml files, to review the difference; it is refused
/// if <c>CI</c> is set.
/// </summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Cases => GoldenCase.AllRows;

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_case_renders_as_written(string name)
    {
        var golden = GoldenCase.Load(name);
        var rendered = TableRenderer.Render(golden.Translate());

        switch (GoldenUpdate.Requested(Environment.GetEnvironmentVariable))
        {
            case GoldenUpdate.Answer.Refused:
                Assert.Fail("UPDATE_GOLDEN is refused where CI is set: expectations are changed by people");
                break;
            case GoldenUpdate.Answer.Yes:
                File.WriteAllText(golden.OutputFile, rendered);
                break;
        }

        Assert.True(File.Exists(golden.OutputFile), $"{name} has no out.yaml; it should be, after reading:\n{rendered}");
        Assert.Equal(File.ReadAllText(golden.OutputFile).ReplaceLineEndings("\n"), rendered);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_rendering_is_YAML(string name) =>
        Assert.Single(KubernetesYaml.LoadAll(new StringReader(TableRenderer.Render(GoldenCase.Load(name).Translate()))));

    [Fact]
    public void There_are_as_many_invalid_or_conflicting_cases_as_valid_ones()
    {
        var invalid = GoldenCase.AllNames.Count(name => GoldenCase.Load(name).Translate().CollectDiagnostics().Length > 0);
        var all = GoldenCase.AllNames.Count();
        Assert.True(all >= 65, $"{all} cases");
        Assert.True(invalid * 2 >= all, $"{invalid} of {all} cases are invalid");
    }

    [Fact]
    public void Feature_folders_hold_only_cases() => Assert.All(
        GoldenCase.AllNames.Concat(
            Directory.EnumerateDirectories(RepositoryFolder.Cases, "*", SearchOption.AllDirectories)
                .Where(folder => !Directory.EnumerateFileSystemEntries(folder).Any())
                .Select(folder => Path.GetRelativePath(RepositoryFolder.Cases, folder))),
        name =>
        {
            Assert.Equal(2, name.Split('/').Length);
            Assert.True(File.Exists(Path.Combine(RepositoryFolder.Cases, name, "out.yaml")), $"{name} has no out.yaml");
        });

    [Theory]
    [InlineData(null, null, GoldenUpdate.Answer.No)]
    [InlineData("0", null, GoldenUpdate.Answer.No)]
    [InlineData("1", null, GoldenUpdate.Answer.Yes)]
    [InlineData("1", "true", GoldenUpdate.Answer.Refused)]
    [InlineData(null, "true", GoldenUpdate.Answer.No)]
    public void Rewriting_is_refused_in_CI(string? update, string? ci, GoldenUpdate.Answer expected) =>
        Assert.Equal(expected, GoldenUpdate.Requested(name => name switch
        {
            "UPDATE_GOLDEN" => update,
            "CI" => ci,
            _ => null,
        }));
}

/// <summary>True if expectations are to be written.</summary>
public static class GoldenUpdate
{
    public enum Answer
    {
        No,
        Yes,
        Refused,
    }

    public static Answer Requested(Func<string, string?> environment) => (environment("UPDATE_GOLDEN"), environment("CI")) switch
    {
        ("1", { Length: > 0 }) => Answer.Refused,
        ("1", _) => Answer.Yes,
        _ => Answer.No,
    };
}
