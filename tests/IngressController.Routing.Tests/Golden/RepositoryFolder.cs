namespace IngressController.Routing.Tests.Golden;

/// <summary>The checked-out sources, found from the test's directory.</summary>
internal static class RepositoryFolder
{
    private static readonly Lazy<string> Root = new(() =>
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "IngressController.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("the tests must run from inside the repository");
    });

    public static string Cases => Combine("tests", "IngressController.Routing.Tests", "Cases");

    public static string Certificates => Combine("tests", "IngressController.Routing.Tests", "Certificates");

    public static string Combine(params string[] parts) => Path.Combine([Root.Value, .. parts]);
}
