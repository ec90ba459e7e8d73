using System.Collections.Immutable;
using System.Security.Cryptography;
using IngressController.Routing.Diagnostics;

namespace IngressController.Sources.Folder;

/// <summary>
/// What the manifests of a folder hold. A file that is invalid, or cannot be read, keeps what it last held. An object that is gone
/// from a file that still exists is kept for a while too: the file may be half written, and a part of YAML can be valid.
/// </summary>
internal sealed class FolderContents(string folder, Action<ManifestProblem> onProblem, TimeProvider time)
{
    /// <summary>How long a file must stay the same until what is gone from it is taken for removed.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromSeconds(1);

    private readonly SortedDictionary<string, FileState> _files = new(StringComparer.Ordinal);
    private ImmutableArray<ManifestProblem> _closed = [];

    /// <summary>All objects in the order of their files; kept ones come before, and only while no file holds them: they may have moved to another.</summary>
    public IEnumerable<ManifestObject> Objects
    {
        get
        {
            var written = _files.Values.SelectMany(file => file.Objects);
            return Without(_files.Values.SelectMany(file => file.Kept), written).Concat(written);
        }
    }

    /// <summary>When to read again, though nothing changes, as something is kept; null when nothing is.</summary>
    public TimeSpan? ReadAgainIn { get; private set; }

    /// <summary>What is wrong now.</summary>
    public IEnumerable<ManifestProblem> Problems => _files.Values.SelectMany(file => file.Problems).Concat(_closed);

    /// <summary>Reads what changed; false when nothing did.</summary>
    /// <param name="takesAll">Whether the files are known to be complete, so that nothing that is gone from them is kept.</param>
    /// <exception cref="IOException">The folder itself cannot be listed; everything stays as it was.</exception>
    public bool Read(bool takesAll = false)
    {
        ReadAgainIn = null;
        var listed = ManifestFiles.In(folder);
        var anyChanged = NoteClosed(listed.Closed);
        foreach (var gone in _files.Keys.Except(listed.Paths, StringComparer.Ordinal).Where(path => !listed.IsBelowClosed(path)).ToArray())
            anyChanged |= _files.Remove(gone);
        foreach (var path in listed.Paths)
            anyChanged |= ReadFile(path, takesAll);
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

    private bool ReadFile(string path, bool takesAll)
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
                return LetGo(path, before, takesAll);
            manifest = Manifest.Read(Name(path), bytes);
            isEmpty = bytes.All(value => char.IsWhiteSpace((char)value));
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

        var state = manifest.Problems.Length > 0 ? Invalid(version, manifest, before) : Valid(version, manifest, before, isEmpty, Name(path));
        _files[path] = state;
        foreach (var problem in state.Problems)
            onProblem(problem);
        LetGo(path, state, takesAll);
        return true;
    }

    /// <summary>A file with a problem keeps all it held: half of a change is worse than none of it.</summary>
    private static FileState Invalid(string version, Manifest manifest, FileState? before)
    {
        var keepsLast = before is not null && before.Objects.Length + before.Kept.Length > 0;
        return new FileState(
            version, keepsLast ? before!.Objects : manifest.Objects, keepsLast ? before!.Kept : [], KeptSince: null,
            [.. manifest.Problems.Select(problem => Told(problem, keepsLast))]);
    }

    /// <summary>What is in the file counts at once, what is gone from it is kept.</summary>
    private FileState Valid(string version, Manifest manifest, FileState? before, bool isEmpty, string name)
    {
        var gone = before is null ? [] : Without(before.Kept.Concat(before.Objects), manifest.Objects);
        // That a few objects are gone is not told: mostly it is what someone wants, and soon so.
        return gone.IsEmpty
            ? new FileState(version, manifest.Objects, [], KeptSince: null, [])
            : new FileState(version, manifest.Objects, gone, time.GetTimestamp(), isEmpty ? [Empty(name)] : []);
    }

    private static ManifestProblem Empty(string name) => new(name, 1, new Diagnostic(
        DiagnosticCode.ObjectUnreadable, DiagnosticSeverity.Warning, new("File", new("", name)), "(file)",
        "is empty; its previous content stays in use for now", DiagnosticEffect.FieldIgnored));

    private static ImmutableArray<ManifestObject> Without(IEnumerable<ManifestObject> items, IEnumerable<ManifestObject> others)
    {
        if (!items.Any())
            return [];
        var subjects = others.Select(item => item.Subject).ToHashSet();
        return [.. items.Where(item => !subjects.Contains(item.Subject))];
    }

    /// <summary>Drops what a file keeps when it has stayed the same for long enough.</summary>
    private bool LetGo(string path, FileState file, bool takesAll)
    {
        if (file.KeptSince is not { } since)
            return false;
        var rest = Hold - time.GetElapsedTime(since);
        if (rest > TimeSpan.Zero && !takesAll)
        {
            ReadAgainIn = ReadAgainIn < rest ? ReadAgainIn : rest;
            return false;
        }

        _files[path] = file with { Kept = [], KeptSince = null, Problems = [] };
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
    /// <param name="Kept">What is served although it is gone from the file.</param>
    /// <param name="KeptSince">Since when the file has been without it; null when nothing is kept, or for as long as the file is invalid.</param>
    /// <param name="Problems">What is wrong with it.</param>
    private sealed record FileState(
        string Version, ImmutableArray<ManifestObject> Objects, ImmutableArray<ManifestObject> Kept, long? KeptSince, ImmutableArray<ManifestProblem> Problems);
}
