using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using k8s;
using k8s.Models;

namespace IngressController.Sources.Folder;

/// <summary>One object of a manifest.</summary>
/// <param name="File">The file that contains it.</param>
/// <param name="Line">The first line of its document.</param>
/// <param name="Resource">The decoded object.</param>
internal sealed record ManifestObject(string File, int Line, IKubernetesObject<V1ObjectMeta> Resource)
{
    public DiagnosticSubject Subject => new(Resource.Kind ?? "", Resource.ResourceName);
}

/// <summary>A part of a manifest that does not decode.</summary>
internal sealed record ManifestProblem(string File, int Line, Diagnostic Diagnostic);

/// <summary>The content of a manifest file: the objects of the kinds that this controller reads, and the problems.</summary>
internal sealed record Manifest(ImmutableArray<ManifestObject> Objects, ImmutableArray<ManifestProblem> Problems)
{
    /// <summary>Reads the bytes of a file; see <see cref="Read(string, TextReader)"/>. A file that is not UTF-8 is unreadable.</summary>
    public static Manifest Read(string file, byte[] content)
    {
        using var text = new StreamReader(new MemoryStream(content), new UTF8Encoding(false, throwOnInvalidBytes: true));
        return Read(file, text);
    }

    /// <summary>Reads YAML or JSON with any number of documents, lists included. Other kinds are ignored.</summary>
    public static Manifest Read(string file, TextReader text)
    {
        try
        {
            var reader = new Reader(file);
            foreach (var document in KubernetesYaml.LoadAll(text))
                reader.Read(document.Root, document.Line);
            return new Manifest([.. reader.Objects], [.. reader.Problems]);
        }
        catch (KubernetesYamlException error)
        {
            return Unreadable(file, $"is not valid YAML: {error.Message}", error.Line);
        }
        catch (DecoderFallbackException error)
        {
            return Unreadable(file, $"is not UTF-8 text: {error.Message}");
        }
    }

    /// <summary>Returns the manifest of a file that cannot be read at all.</summary>
    public static Manifest Unreadable(string file, string reason, int line = 1) =>
        new([], [new(file, line, DiagnosticCatalog.ObjectUnreadable(new("File", new("", file)), "(file)", reason, keepsLast: false))]);

    private sealed class Reader(string file)
    {
        public List<ManifestObject> Objects { get; } = [];

        public List<ManifestProblem> Problems { get; } = [];

        /// <param name="root">A document, or an item of a list.</param>
        /// <param name="line">The first line of the document.</param>
        /// <param name="item">The path of the item in the document's list, for objects without a name; empty for a document.</param>
        public void Read(JsonNode? root, int line, string item = "")
        {
            if (root is not JsonObject document)
            {
                Problem("Document", root, line, item.Length > 0 ? item : "(document)", "is not a Kubernetes object: apiVersion, kind and metadata are required");
                return;
            }

            var kind = Text(document["kind"]);
            if (kind is null)
            {
                Problem("Document", root, line, $"{item}kind", "is missing");
                return;
            }

            if (document["items"] is JsonArray items && kind.EndsWith("List", StringComparison.Ordinal))
            {
                for (var i = 0; i < items.Count; i++)
                    Read(WithKindOf(kind, document, items[i]), line, $"{item}items[{i}].");
                return;
            }

            ReadObject(kind, document, line);
        }

        private void ReadObject(string kind, JsonObject document, int line)
        {
            switch (kind)
            {
                case "Ingress":
                    Decode(document, line, ResourceTypes.Ingresses);
                    break;
                case "IngressClass":
                    Decode(document, line, ResourceTypes.IngressClasses);
                    break;
                case "Service":
                    Decode(document, line, ResourceTypes.Services);
                    break;
                case "EndpointSlice":
                    Decode(document, line, ResourceTypes.EndpointSlices);
                    break;
                case "Secret":
                    Decode(document, line, ResourceTypes.Secrets);
                    break;
                case "ConfigMap":
                    Decode(document, line, ResourceTypes.ConfigMaps);
                    break;
            }
        }

        private void Decode<T>(JsonObject document, int line, ResourceType<T> type)
            where T : class, IKubernetesObject<V1ObjectMeta>
        {
            if (Text(document["apiVersion"]) is var apiVersion && apiVersion != type.ApiVersion)
            {
                // Other API groups have kinds of the same name (Knative's Service and Ingress). Only an old version of this group is a
                // problem.
                if (apiVersion is null || Group(apiVersion) == type.Group || (type.Kind == "Ingress" && Group(apiVersion) == "extensions"))
                    Problem(type.Kind, document, line, "apiVersion", $"\"{apiVersion}\" is not supported; use {type.ApiVersion}");
                return;
            }

            if (EmptyItem(document) is { } empty)
            {
                Problem(type.Kind, document, line, Field(empty.GetPath()), "has an empty item");
                return;
            }

            // An exported object has the version of its cluster. Here, an edited object would appear to be unchanged.
            if (document["metadata"] is JsonObject metadata)
            {
                metadata.Remove("resourceVersion");
                metadata.Remove("uid");
            }

            try
            {
                var resource = document.Deserialize(type.TypeInfo);
                if (resource?.Metadata?.Name is { Length: > 0 })
                    Objects.Add(new ManifestObject(file, line, resource));
                else
                    Problem(type.Kind, document, line, "metadata.name", "is missing");
            }
            catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or NotSupportedException)
            {
                Problem(type.Kind, document, line, Field((error as JsonException)?.Path), Reason(error, type.TypeInfo));
            }
        }

        private void Problem(string kind, JsonNode? document, int line, string field, string reason)
        {
            var metadata = (document as JsonObject)?["metadata"] as JsonObject;
            var name = Text(metadata?["name"]) is { } own
                ? new ResourceName(Text(metadata?["namespace"]) is { Length: > 0 } ns ? ns : "default", own)
                : new ResourceName("", $"{file}:{line}");
            Problems.Add(new ManifestProblem(file, line, DiagnosticCatalog.ObjectUnreadable(new(kind, name), field, reason, keepsLast: false)));
        }

        /// <summary>
        /// Returns the first list that contains a null. The API server rejects such lists, and translation does not expect them.
        /// </summary>
        private static JsonArray? EmptyItem(JsonNode? node) => node switch
        {
            JsonArray array => array.Contains(null) ? array : array.Select(EmptyItem).FirstOrDefault(found => found is not null),
            JsonObject map => map.Select(member => EmptyItem(member.Value)).FirstOrDefault(found => found is not null),
            _ => null,
        };

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

        private static string Group(string apiVersion) => apiVersion.IndexOf('/') is > 0 and var slash ? apiVersion[..slash] : "";

        private static string Field(string? path) => path is { Length: > 2 } ? path[2..] : "(object)";

        private static string Reason(Exception error, JsonTypeInfo type)
        {
            var reason = error.InnerException?.Message ?? error.Message;
            foreach (var scalar in (string[])["True", "False", "Number"])
            {
                if (reason.Contains($"'{scalar}' as a string", StringComparison.Ordinal))
                    return $"must be a string, but is a {(scalar == "Number" ? "number" : "boolean")}: put the value in quotes";
            }

            reason = reason.Split(" Path:")[0].Replace(type.Type.Namespace + ".", "", StringComparison.Ordinal);
            return $"has a value of the wrong type ({reason})";
        }
    }
}
