namespace IngressController.Sources.Folder;

/// <summary>The manifest files in a folder and its subfolders.</summary>
/// <param name="Paths">All .yaml, .yml and .json files, in order.</param>
/// <param name="Inaccessible">The subfolders that may not be listed, each with the reason.</param>
internal sealed record ManifestFiles(IReadOnlyList<string> Paths, IReadOnlyDictionary<string, string> Inaccessible)
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    /// <summary>
    /// Lists a folder and its subfolders. Names that start with a dot are ignored: a mounted ConfigMap keeps its versions in <c>..data</c>
    /// and links to them.
    /// </summary>
    /// <exception cref="IOException">The folder does not exist or cannot be listed.</exception>
    public static ManifestFiles In(string folder)
    {
        var paths = new List<string>();
        var inaccessible = new Dictionary<string, string>(StringComparer.Ordinal);
        Collect(folder, isBelowLink: false, paths, inaccessible);
        paths.Sort(StringComparer.Ordinal);
        return new ManifestFiles(paths, inaccessible);
    }

    /// <summary>True if the path is in a folder that may not be listed.</summary>
    public bool IsInaccessible(string path) => Inaccessible.Keys.Any(folder => path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal));

    /// <param name="folder">The folder to list.</param>
    /// <param name="isBelowLink">True below a linked folder. Linked folders are not entered there, because links can form a cycle.</param>
    /// <param name="paths">Collects the files.</param>
    /// <param name="inaccessible">Collects the folders that may not be listed.</param>
    private static void Collect(string folder, bool isBelowLink, List<string> paths, Dictionary<string, string> inaccessible)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Everything))
        {
            var path = Path.Combine(folder, entry.Name);
            var isLink = entry.Attributes.HasFlag(FileAttributes.ReparsePoint);
            if (entry.Name.StartsWith('.') || (isLink && isBelowLink && entry.Attributes.HasFlag(FileAttributes.Directory)))
                continue;
            if (!entry.Attributes.HasFlag(FileAttributes.Directory))
            {
                if (entry.Extension is ".yaml" or ".yml" or ".json")
                    paths.Add(path);
                continue;
            }

            try
            {
                Collect(path, isBelowLink || isLink, paths, inaccessible);
            }
            catch (UnauthorizedAccessException error)
            {
                inaccessible[path] = error.Message;
            }
            catch (DirectoryNotFoundException)
            {
                // Deleted after its parent was listed.
            }
        }
    }
}
