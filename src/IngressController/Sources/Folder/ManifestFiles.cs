namespace IngressController.Sources.Folder;

/// <summary>Which files of a folder are manifests.</summary>
internal static class ManifestFiles
{
    /// <summary>
    /// All .yaml, .yml and .json files below the folder, in order of their paths. Names that start with a dot are passed over: mounted
    /// ConfigMaps keep their versions in <c>..data</c> and link to them.
    /// </summary>
    public static IEnumerable<string> In(string folder)
    {
        var options = new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        if (!Directory.Exists(folder))
            return [];
        var files = Directory.EnumerateFiles(folder, "*", options).Where(IsManifest);
        var below = Directory.EnumerateDirectories(folder, "*", options).Where(path => !IsHidden(path)).SelectMany(In);
        return files.Concat(below).Order(StringComparer.Ordinal);
    }

    private static bool IsManifest(string path) =>
        !IsHidden(path) && Path.GetExtension(path) is ".yaml" or ".yml" or ".json";

    private static bool IsHidden(string path) => Path.GetFileName(path).StartsWith('.');
}
