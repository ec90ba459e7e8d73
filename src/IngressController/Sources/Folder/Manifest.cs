using System.Collections.Immutable;
using System.Text;
using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Folder;

/// <summary>One object of a manifest.</summary>
/// <param name="File">The file that contains it.</param>
/// <param name="Line">The first line of its document, or of the item of a list.</param>
/// <param name="Resource">The decoded object.</param>
internal sealed record ManifestObject(string File, int Line, IKubernetesObject<V1ObjectMeta> Resource)
{
    public DiagnosticSubject Subject => new(Resource.Kind ?? "", Resource.ResourceName);
}

/// <summary>A part of a manifest that cannot be read, that an API server would refuse, or that has no effect.</summary>
internal sealed record ManifestProblem(string File, int Line, Diagnostic Diagnostic)
{
    /// <summary>True if an object is ignored because of it.</summary>
    public bool HidesObject => Diagnostic.Effect == DiagnosticEffect.ObjectIgnored;

    /// <summary>True if any object can be meant: the document has no name, or cannot be read.</summary>
    public bool HidesAnyObject => HidesObject && Diagnostic.Subject.Kind is "File" or "Document";
}

/// <summary>The content of a manifest file: the objects of the kinds that this controller reads, and the problems.</summary>
internal sealed record Manifest(ImmutableArray<ManifestObject> Objects, ImmutableArray<ManifestProblem> Problems)
{
    /// <summary>Reads the bytes of a file; see <see cref="Read(string, TextReader)"/>. A file that is not UTF-8 is unreadable.</summary>
    public static Manifest Read(string file, byte[] content)
    {
        using var text = new StreamReader(new MemoryStream(content), new UTF8Encoding(false, throwOnInvalidBytes: true));
        return Read(file, text);
    }

    /// <summary>
    /// Reads YAML or JSON with any number of documents, lists included. Other kinds are ignored. A document or an object with a problem does
    /// not affect the others.
    /// </summary>
    public static Manifest Read(string file, TextReader text)
    {
        try
        {
            var reader = new ManifestReader(file);
            foreach (var document in KubernetesYaml.ReadAll(text))
                reader.Read(document);
            return new Manifest([.. reader.Objects], [.. reader.Problems]);
        }
        catch (DecoderFallbackException error)
        {
            return Unreadable(file, $"is not UTF-8 text: {error.Message}");
        }
    }

    /// <summary>Returns the manifest of a file that cannot be read at all.</summary>
    public static Manifest Unreadable(string file, string reason, int line = 1) =>
        new([], [new(file, line, DiagnosticCatalog.ObjectUnreadable(new("File", new("", file)), "(file)", reason, keepsLast: false))]);
}
