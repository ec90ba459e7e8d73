namespace IngressController.Sources.Folder;

/// <summary>The manifests below a folder.</summary>
/// <param name="Paths">All .yaml, .yml and .json files, in order.</param>
/// <param name="Closed">The folders that may not be listed, each with the reason.</param>
internal sealed record ManifestFiles(IReadOnlyList<string> Paths, IReadOnlyDictionary<string, string> Closed)
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    /// <summary>
    /// Lists a folder and those below it. Names that start with a dot are passed over: mounted ConfigMaps keep their versions in
    /// <c>..data</c> and link to them.
    /// </summary>
    /// <exception cref="IOException">The folder does not exist or cannot be listed.</exception>
    public static ManifestFiles In(string folder)
    {
        var paths = new List<string>();
        var closed = new Dictionary<string, string>(StringComparer.Ordinal);
        Collect(folder, isBelowLink: false, paths, closed);
        paths.Sort(StringComparer.Ordinal);
        return new ManifestFiles(paths, closed);
    }

    /// <summary>Whether the path lies in a folder that may not be listed.</summary>
    public bool IsBelowClosed(string path) => Closed.Keys.Any(folder => path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal));

    /// <param name="folder">The folder to list.</param>
    /// <param name="isBelowLink">Whether a linked folder was entered: below it no other is, as links may lead in circles.</param>
    /// <param name="paths">Where the files go.</param>
    /// <param name="closed">Where the folders go that may not be listed.</param>
    private static void Collect(string folder, bool isBelowLink, List<string> paths, Dictionary<string, string> closed)
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
                Collect(path, isBelowLink || isLink, paths, closed);
            }
            catch (UnauthorizedAccessException error)
            {
                closed[path] = error.Message;
            }
            catch (DirectoryNotFoundException)
            {
                // Removed between the two lists.
            }
        }
    }
}
