using IngressController.Sources.Folder;

namespace IngressController.Cli;

/// <summary>Reads the manifests for <c>lint</c>.</summary>
internal static class LintInput
{
    public const string StandardInput = "-";

    /// <summary>Reads each file once, even if several paths contain it. A file that cannot be read is a problem in its manifest.</summary>
    public static IReadOnlyList<Manifest> Read(IReadOnlyList<string> paths, TextReader standardInput)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return [.. paths.SelectMany(path => Read(path, standardInput, seen))];
    }

    private static IEnumerable<Manifest> Read(string path, TextReader standardInput, HashSet<string> seen)
    {
        if (path == StandardInput)
            return seen.Add(StandardInput) ? [Manifest.Read("(standard input)", standardInput)] : [];
        if (!Directory.Exists(path))
            return seen.Add(Path.GetFullPath(path)) ? [ReadFile(path)] : [];

        try
        {
            var listed = ManifestFiles.In(path);
            return listed.Paths.Where(file => seen.Add(Path.GetFullPath(file))).Select(ReadFile)
                .Concat(listed.Inaccessible.Select(folder => Manifest.Unreadable(folder.Key, folder.Value)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [Manifest.Unreadable(path, error.Message)];
        }
    }

    private static Manifest ReadFile(string path)
    {
        try
        {
            return Manifest.Read(path, File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Manifest.Unreadable(path, error.Message);
        }
    }
}
