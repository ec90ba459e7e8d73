using System.Text.Json;
using System.Text.Json.Nodes;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Validation;
using IngressController.Routing.Diagnostics;

namespace IngressController.Sources.Folder;

/// <summary>Reads the documents of one file into objects and problems.</summary>
internal sealed class ManifestReader(string file)
{
    public List<ManifestObject> Objects { get; } = [];

    public List<ManifestProblem> Problems { get; } = [];

    public void Read(KubernetesDocument document)
    {
        if (document.Error is { } error)
            Problems.AddRange(Manifest.Unreadable(file, error.IsTemplate ? error.Message : $"is not valid YAML: {error.Message}", error.Line).Problems);
        else
            Read(document, document.Root, "");
    }

    /// <param name="document">The document.</param>
    /// <param name="node">Its root, or an item of a list.</param>
    /// <param name="item">The path of the item in the document's list, for objects without a name; empty for a document.</param>
    private void Read(KubernetesDocument document, JsonNode? node, string item)
    {
        if (node is not JsonObject root)
        {
            var line = node is null ? document.Line : document.LineOf(node);
            Add(Subject("Document", null, line), line, item.Length > 0 ? item : "(document)", "is not a Kubernetes object: apiVersion, kind and metadata are required");
            return;
        }

        var source = new ObjectSource(document, root);
        if (Text(root["kind"]) is not { } kind)
        {
            Add(Subject("Document", root, source.Line), source.Line, $"{item}kind", root.ContainsKey("kind") ? "must be a string" : "is missing");
            return;
        }

        if (root["items"] is JsonArray items && kind.EndsWith("List", StringComparison.Ordinal))
        {
            for (var i = 0; i < items.Count; i++)
                Read(document, WithKindOf(kind, root, items[i]), $"{item}items[{i}].");
            return;
        }

        if (ManifestKind.Find(kind) is { } type)
            ReadObject(type, source);
        else if (ManifestKind.FindMisspelt(kind) is { } meant && ApiVersions.Problem(meant, Text(root["apiVersion"])) is not ApiVersions.Foreign)
            Add(Subject(meant.Name, root, source.Line), source.LineAt("kind"), "kind", $"\"{kind}\" is unknown: write {meant.Name}");
    }

    private void ReadObject(ManifestKind type, ObjectSource source)
    {
        var subject = Subject(type.Name, source.Root, source.Line);
        if (ApiVersions.Problem(type, Text(source.Root["apiVersion"])) is { } problem)
        {
            if (problem == ApiVersions.Foreign)
                return;
            Add(subject, source.LineAt("apiVersion"), "apiVersion", problem);
            foreach (var (field, message) in OldIngress.Problems(type, source.Root))
                Add(subject, source.LineAt(field), field, message);
            return;
        }

        foreach (var duplicate in source.DuplicateKeys)
            Add(duplicate.Line, DiagnosticCatalog.FieldDuplicate(subject, source.PathOf(duplicate), duplicate.FirstLine, duplicate.Line));
        var check = ModelCheck.Of(source.Root, type.Model);
        foreach (var unknown in check.Unknown)
            Add(source.Document.LineOf(unknown.Node), DiagnosticCatalog.FieldUnknown(subject, unknown.Path, type.Name, FieldSuggestion.For(unknown, type.Model)));
        foreach (var wrong in check.Problems)
            Add(subject, source.Document.LineOf(wrong.Node ?? source.Find(wrong.Path)), wrong.Path, wrong.Message);
        if (check.Problems.Count == 0)
            Decode(type, source, subject);
    }

    private void Decode(ManifestKind type, ObjectSource source, DiagnosticSubject subject)
    {
        // An exported object has the version of its cluster. Here, an edited object would appear to be unchanged.
        if (source.Root["metadata"] is JsonObject metadata)
        {
            metadata.Remove("resourceVersion");
            metadata.Remove("uid");
        }

        try
        {
            var resource = type.Decode(source.Root);
            if (resource?.Metadata?.Name is not { Length: > 0 })
            {
                Add(subject, source.LineAt("metadata"), "metadata.name", "is missing");
                return;
            }

            var violations = ApiRules.Check(resource);
            foreach (var (field, message) in violations)
                Add(source.LineAt(field), DiagnosticCatalog.ObjectInvalid(subject, field, message));
            if (violations.Count == 0)
                Objects.Add(new ManifestObject(file, source.Line, resource));
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or NotSupportedException)
        {
            var field = (error as JsonException)?.Path is { Length: > 2 } path ? path[2..] : "(object)";
            Add(subject, source.LineAt(field), field, $"cannot be decoded: {(error.InnerException?.Message ?? error.Message).Split(" Path:")[0]}");
        }
    }

    private void Add(DiagnosticSubject subject, int line, string field, string reason) =>
        Add(line, DiagnosticCatalog.ObjectUnreadable(subject, field, reason, keepsLast: false));

    private void Add(int line, Diagnostic diagnostic) => Problems.Add(new ManifestProblem(file, line, diagnostic));

    private DiagnosticSubject Subject(string kind, JsonObject? root, int line)
    {
        var metadata = root?["metadata"] as JsonObject;
        return Text(metadata?["name"]) is { Length: > 0 } name
            ? new(kind, new ResourceName(Text(metadata?["namespace"]) is { Length: > 0 } ns ? ns : "default", name))
            : new(kind, new ResourceName("", $"{file}:{line}"));
    }

    /// <summary>Adds kind and apiVersion to the items of a typed list such as IngressList, which have none of their own.</summary>
    private static JsonNode? WithKindOf(string listKind, JsonObject list, JsonNode? item)
    {
        if (listKind != "List" && item is JsonObject resource && resource["kind"] is null)
        {
            resource["kind"] = listKind[..^"List".Length];
            resource["apiVersion"] ??= list["apiVersion"]?.DeepClone();
        }

        return item;
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
