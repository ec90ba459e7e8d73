namespace IngressController.Tests;

/// <summary>Files of the checked-out sources, found from where the tests run.</summary>
internal static class RepositoryFile
{
    private static readonly Lazy<string> Root = new(() =>
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "IngressController.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("the tests must run from inside the repository");
    });

    public static string Chart => Find("charts", "yarp-ingress");

    public static string Cases => Find("tests", "charts");

    public static string Find(params string[] parts) => Path.Combine([Root.Value, .. parts]);

    public static string Read(params string[] parts) => File.ReadAllText(Find(parts)).ReplaceLineEndings("\n");

    /// <summary>The file is what is rendered; <c>UPDATE_GOLDEN=1</c> rewrites it; read the difference.</summary>
    public static void AssertIs(string path, string rendered)
    {
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Assert.True(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), "UPDATE_GOLDEN is refused where CI is set: expectations are changed by people");
            File.WriteAllText(path, rendered);
        }

        Assert.True(File.Exists(path), $"{path} does not exist; UPDATE_GOLDEN=1 writes it. It should be, after reading:\n{rendered}");
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), rendered);
    }
}
