using IngressController.Cli;

namespace IngressController.Tests.Documentation;

public sealed class ReadmeTests
{
    public static TheoryData<string> Flags => [.. RunOptions.Own.Select(option => option.Flag)];

    [Theory]
    [MemberData(nameof(Flags))]
    public void The_readme_names_every_option(string flag) => Assert.Contains($"`{flag}", RepositoryFile.Read("README.md"));
}
