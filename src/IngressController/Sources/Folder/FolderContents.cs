using System.Collections.Immutable;
using System.Security.Cryptography;
using IngressController.Routing.Diagnostics;

namespace IngressController.Sources.Folder;

/// <summary>
/// The objects in the manifests of a folder. An object that is invalid keeps its last valid version, as in a cluster, and a document that
/// cannot be read keeps all objects that are gone from its file. Other objects that are gone are kept for a while: the file may be half
/// written, and a part of a YAML file can be valid.
/// </summary>
internal sealed class FolderContents(string folder, Action<ManifestProblem> onProblem, TimeProvider time)
{
    /// <summary>The time a file must stay unchanged before objects that are gone from it are removed.</summary>
    public static readonly TimeSpan RemovalDelay = TimeSpan.FromSeconds(1);

    private readonly SortedDictionary<string, FileState> _files = new(StringComparer.Ordinal);
    private ImmutableArray<ManifestProblem> _inaccessible = [];

    /// <summary>
    /// All objects in the order of their files. Kept objects come first, and only if no file contains them: they may have moved to another.
    /// </summary>
    public IEnumerable<ManifestObject> Objects
    {
        get
        {
            var current = _files.Values.SelectMany(file => file.Objects);
            return Without(_files.Values.SelectMany(file => file.Pinned.Concat(file.Kept)), current).Concat(current);
        }
    }

    /// <summary>The time after which a reload is needed even without a change, because objects are kept; null when none are.</summary>
    public TimeSpan? ReloadIn { get; private set; }

    /// <summary>The current problems of all files and folders.</summary>
    public IEnumerable<ManifestProblem> Problems => _files.Values.SelectMany(file => file.Problems).Concat(_inaccessible);

    /// <summary>Reads the changes; false when there are none.</summary>
    /// <param name="isComplete">True if the files are known to be complete, so that objects that are gone from them are not kept.</param>
    /// <exception cref="IOException">The folder itself cannot be listed; everything stays as it was.</exception>
    public bool Read(bool isComplete = false)
    {
        ReloadIn = null;
        var listed = ManifestFiles.In(folder);
        var anyChanged = UpdateInaccessible(listed.Inaccessible);
        foreach (var deleted in _files.Keys.Except(listed.Paths, StringComparer.Ordinal).Where(path => !listed.IsInaccessible(path)).ToArray())
            anyChanged |= _files.Remove(deleted);
        foreach (var path in listed.Paths)
            anyChanged |= ReadFile(path, isComplete);
        return anyChanged;
    }

    private bool UpdateInaccessible(IReadOnlyDictionary<string, string> inaccessible)
    {
        ImmutableArray<ManifestProblem> problems =
            [.. inaccessible.OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => Manifest.Unreadable(Name(entry.Key), entry.Value).Problems)];
        if (problems.SequenceEqual(_inaccessible))
            return false;
        foreach (var problem in problems.Except(_inaccessible))
            onProblem(problem);
        _inaccessible = problems;
        return true;
    }

    private bool ReadFile(string path, bool isComplete)
    {
        var before = _files.GetValueOrDefault(path);
        string version;
        Manifest manifest;
        var isEmpty = false;
        try
        {
            var bytes = File.ReadAllBytes(path);
            version = Convert.ToHexString(SHA256.HashData(bytes));
            if (version == before?.Version)
                return DropKept(path, before, isComplete);
            manifest = Manifest.Read(Name(path), bytes);
            isEmpty = bytes.All(value => char.IsWhiteSpace((char)value));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException && new FileInfo(path).LinkTarget is null)
        {
            // Deleted after it was listed.
            return _files.Remove(path);
        }
        catch (Exception error)
        {
            // Not only I/O errors: any exception while a file is read is a problem of that file.
            version = error.Message;
            if (version == before?.Version)
                return false;
            manifest = Manifest.Unreadable(Name(path), error.Message);
        }

        var state = Next(version, manifest, before, isEmpty, Name(path));
        _files[path] = state;
        foreach (var problem in state.Problems)
            onProblem(problem);
        DropKept(path, state, isComplete);
        return true;
    }

    /// <summary>Returns the state of a file whose content has changed.</summary>
    private FileState Next(string version, Manifest manifest, FileState? before, bool isEmpty, string name)
    {
        var gone = before is null ? [] : Without(before.Pinned.Concat(before.Kept).Concat(before.Objects), manifest.Objects);
        var hidesAny = manifest.Problems.Any(problem => problem.HidesAnyObject);
        var hidden = manifest.Problems.Where(problem => problem.HidesObject).Select(problem => problem.Diagnostic.Subject).ToHashSet();
        var pinned = gone.RemoveAll(item => !hidesAny && !hidden.Contains(item.Subject));
        var kept = gone.RemoveRange(pinned);
        var state = new FileState(
            version, manifest.Objects, pinned, kept, kept.IsEmpty ? null : time.GetTimestamp(),
            [.. manifest.Problems.Select(problem => WithLocation(problem, pinned))]);
        // Not reported unless the file is empty: objects are mostly removed on purpose, and the delay is short.
        return isEmpty && !kept.IsEmpty ? state with { Problems = [Empty(name)] } : state;
    }

    private static ManifestProblem Empty(string name) => new(name, 1, new Diagnostic(
        DiagnosticCode.ObjectUnreadable, DiagnosticSeverity.Warning, new("File", new("", name)), "(file)",
        "is empty; its previous content stays in use for now", DiagnosticEffect.FieldIgnored));

    private static bool IsEmptyFile(ManifestProblem problem) =>
        problem.Diagnostic is { Code: DiagnosticCode.ObjectUnreadable, Severity: DiagnosticSeverity.Warning };

    private static ImmutableArray<ManifestObject> Without(IEnumerable<ManifestObject> items, IEnumerable<ManifestObject> others)
    {
        if (!items.Any())
            return [];
        var subjects = others.Select(item => item.Subject).ToHashSet();
        return [.. items.Where(item => !subjects.Contains(item.Subject))];
    }

    /// <summary>Drops the kept objects of a file that has stayed unchanged for <see cref="RemovalDelay"/>.</summary>
    private bool DropKept(string path, FileState file, bool isComplete)
    {
        if (file.KeptSince is not { } since)
            return false;
        var left = RemovalDelay - time.GetElapsedTime(since);
        if (left > TimeSpan.Zero && !isComplete)
        {
            ReloadIn = ReloadIn < left ? ReloadIn : left;
            return false;
        }

        _files[path] = file with { Kept = [], KeptSince = null, Problems = file.Problems.RemoveAll(IsEmptyFile) };
        return true;
    }

    /// <summary>
    /// Adds file and line to the message of a problem, as diagnostics have no other field for them, and says if an object that it hides
    /// stays in use.
    /// </summary>
    private static ManifestProblem WithLocation(ManifestProblem problem, ImmutableArray<ManifestObject> pinned)
    {
        var (file, line, diagnostic) = problem;
        diagnostic = diagnostic with { Message = $"{file}:{line}: {diagnostic.Message}" };
        var keepsLast = problem.HidesObject && pinned.Any(item => problem.HidesAnyObject || item.Subject == diagnostic.Subject);
        return problem with { Diagnostic = keepsLast ? DiagnosticCatalog.KeepsLast(diagnostic) : diagnostic };
    }

    private string Name(string path) => Path.GetRelativePath(folder, path);

    /// <param name="Version">The hash of the content that was last read, or the reason why it could not be read.</param>
    /// <param name="Objects">The objects of the file that are in use.</param>
    /// <param name="Pinned">The last valid versions of objects that the file has in an invalid form, or that a document can have that is unreadable.</param>
    /// <param name="Kept">The objects in use although they are gone from the file.</param>
    /// <param name="KeptSince">The time when they were found missing; null when none are kept.</param>
    /// <param name="Problems">The problems of the file.</param>
    private sealed record FileState(
        string Version, ImmutableArray<ManifestObject> Objects, ImmutableArray<ManifestObject> Pinned, ImmutableArray<ManifestObject> Kept, long? KeptSince,
        ImmutableArray<ManifestProblem> Problems);
}
