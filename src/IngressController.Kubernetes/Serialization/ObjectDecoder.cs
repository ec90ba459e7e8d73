using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Serialization;

/// <summary>Decodes one object of a stream; an object that does not decode is still identified.</summary>
internal static class ObjectDecoder
{
    /// <summary>Exceeds the nesting of any object, so that one too deep for the decoder does not stop the scan of the others.</summary>
    public static JsonReaderOptions ScanOptions { get; } = new() { MaxDepth = 512 };

    /// <returns>The object, or null and the reason in <paramref name="undecodable"/>.</returns>
    public static T? Decode<T>(ReadOnlySequence<byte> json, JsonTypeInfo<T> typeInfo, out UndecodableObject? undecodable)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        undecodable = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            var item = JsonSerializer.Deserialize(ref reader, typeInfo);
            if (item?.Metadata is { Name.Length: > 0 })
                return item;
            undecodable = Identify(json, "metadata.name is missing");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or NotSupportedException)
        {
            undecodable = Identify(json, Describe(json, typeInfo) ?? error.Message);
        }

        return null;
    }

    /// <summary>Returns all values of the wrong type, in the words of the manifest; null if there are none.</summary>
    private static string? Describe(ReadOnlySequence<byte> json, JsonTypeInfo type)
    {
        if (JsonDocuments.TryParse(json.ToArray()) is not { } root)
            return null;
        var problems = ModelCheck.Of(root, type).Problems;
        return problems.Count == 0 ? null : string.Join("; ", problems.Select(problem => $"{problem.Path} {problem.Message}"));
    }

    /// <summary>Reads only the identity of an object; members that cannot be read stay null.</summary>
    private static UndecodableObject Identify(ReadOnlySequence<byte> json, string error)
    {
        string? name = null, @namespace = null, uid = null, version = null;
        try
        {
            var reader = new Utf8JsonReader(json, ScanOptions);
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject && FindProperty(ref reader, "metadata"u8)
                && reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var property = reader.GetString();
                    reader.Read();
                    var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                    reader.Skip();
                    switch (property)
                    {
                        case "name": name = text; break;
                        case "namespace": @namespace = text; break;
                        case "uid": uid = text; break;
                        case "resourceVersion": version = text; break;
                    }
                }
            }
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // The members read so far are kept.
        }

        return new UndecodableObject(@namespace, name, uid, error) { ResourceVersion = version };
    }

    /// <summary>Moves to the value of a property of the current object.</summary>
    private static bool FindProperty(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
                return true;
            reader.Skip();
        }

        return false;
    }
}
