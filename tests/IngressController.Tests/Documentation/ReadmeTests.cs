using System.Runtime.CompilerServices;
using IngressController.Cli;

namespace IngressController.Tests.Documentation;

public sealed class ReadmeTests
{
    public static TheoryData<string> Flags => [.. RunOptions.Own.Select(option => option.Flag)];

    [Theory]
    [MemberData(nameof(Flags))]
    public void The_readme_names_every_option(string flag) => Assert.Contains($"`{flag}", Readme());

    private static string Readme([CallerFilePath] string thisFile = "")
    {
        for (var folder = Path.GetDirectoryName(thisFile); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "IngressController.sln")))
                return File.ReadAllText(Path.Combine(folder, "README.md"));
        }

        throw new FileNotFoundException("no IngressController.sln above this file");
    }
}
