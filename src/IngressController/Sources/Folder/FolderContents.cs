using System.Collections.Immutable;
using System.Security.Cryptography;
using IngressController.Routing.Diagnostics;

namespace IngressController.Sources.Folder;

/// <summary>What the manifests of a folder hold. A file that is invalid, or cannot be read, keeps what it last held.</summary>
internal sealed class FolderContents(string folder, Action<ManifestProblem> onProblem)
{
    private readonly SortedDictionary<string, FileState> _files = new(StringComparer.Ordinal);
    private ImmutableArray<ManifestProblem> _closed = [];

    /// <summary>All objects in the order of their files.</summary>
    public IEnumerable<ManifestObject> Objects => _files.Values.SelectMany(file => file.Objects);

    /// <summary>What is wrong now.</summary>
    public IEnumerable<ManifestProblem> Problems => _files.Values.SelectMany(file => file.Problems).Concat(_closed);

    /// <summary>Reads what changed; false when nothing did.</summary>
    /// <exception cref="IOException">The folder itself cannot be listed; everything stays as it was.</exception>
    public bool Read()
    {
        var listed = ManifestFiles.In(folder);
        var anyChanged = NoteClosed(listed.Closed);
        foreach (var gone in _files.Keys.Except(listed.Paths, StringComparer.Ordinal).Where(path => !listed.IsBelowClosed(path)).ToArray())
            anyChanged |= _files.Remove(gone);
        foreach (var path in listed.Paths)
            anyChanged |= ReadFile(path);
        return anyChanged;
    }

    private bool NoteClosed(IReadOnlyDictionary<string, string> closed)
    {
        ImmutableArray<ManifestProblem> problems =
            [.. closed.OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => Manifest.Unreadable(Name(entry.Key), entry.Value).Problems)];
        if (problems.SequenceEqual(_closed))
            return false;
        foreach (var problem in problems.Except(_closed))
            onProblem(problem);
        _closed = problems;
        return true;
    }

    private bool ReadFile(string path)
    {
        var before = _files.GetValueOrDefault(path);
        string version;
        Manifest manifest;
        try
        {
            var bytes = File.ReadAllBytes(path);
            version = Convert.ToHexString(SHA256.HashData(bytes));
            if (version == before?.Version)
                return false;
            manifest = Manifest.Read(Name(path), bytes);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException && new FileInfo(path).LinkTarget is null)
        {
            // Removed after it was listed.
            return _files.Remove(path);
        }
        catch (Exception error)
        {
            // Not only I/O: whatever a file does to the reader is a problem of that file.
            version = error.Message;
            if (version == before?.Version)
                return false;
            manifest = Manifest.Unreadable(Name(path), error.Message);
        }

        // A file with a problem keeps all it held: half of a change is worse than none of it.
        var keepsLast = manifest.Problems.Length > 0 && before is { Objects.Length: > 0 };
        ImmutableArray<ManifestProblem> problems = [.. manifest.Problems.Select(problem => Told(problem, keepsLast))];
        _files[path] = new FileState(version, keepsLast ? before!.Objects : manifest.Objects, problems);
        foreach (var problem in problems)
            onProblem(problem);
        return true;
    }

    /// <summary>The problem as diagnostics show it, where nothing else tells the file.</summary>
    private static ManifestProblem Told(ManifestProblem problem, bool keepsLast)
    {
        var (file, line, diagnostic) = problem;
        return problem with
        {
            Diagnostic = DiagnosticCatalog.ObjectUnreadable(diagnostic.Subject, diagnostic.Field, $"{file}:{line}: {diagnostic.Message}", keepsLast),
        };
    }

    private string Name(string path) => Path.GetRelativePath(folder, path);

    /// <param name="Version">The hash of the content that was read last, or why it could not be.</param>
    /// <param name="Objects">What is served of it.</param>
    /// <param name="Problems">What is wrong with it.</param>
    private sealed record FileState(string Version, ImmutableArray<ManifestObject> Objects, ImmutableArray<ManifestProblem> Problems);
}
