namespace IngressController.Tests.Fakes;

/// <summary>A folder for one test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ingress-test-").FullName;

    public static implicit operator string(TempFolder folder) => folder.Path;

    public string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes in place, as <c>cp</c> does; folders are made as needed.</summary>
    public string Write(string name, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), content);
        return At(name);
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }
}
