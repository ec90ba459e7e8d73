using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IngressController.Kubernetes.Serialization;

/// <summary>Reads JSON objects that stand one after another. What is not JSON, but begins with a brace, can still be YAML.</summary>
internal static class JsonDocuments
{
    /// <summary>Adds the documents of a part. One that cannot be read ends before the next line that begins with a brace.</summary>
    public static void Read(DocumentPart part, List<KubernetesDocument> documents)
    {
        var bytes = Encoding.UTF8.GetBytes(part.Text.StartsWith("---", StringComparison.Ordinal) ? $"   {part.Text[3..]}" : part.Text);
        var (start, line) = (0, part.FirstLine);
        while (true)
        {
            var blank = bytes.AsSpan(start).IndexOfAnyExcept(" \t\r\n"u8);
            if (blank < 0)
                return;
            line += CountLines(bytes.AsSpan(start, blank));
            start += blank;
            var end = start;
            if (TryRead(bytes, line, ref end) is { } document)
            {
                documents.Add(document);
            }
            else
            {
                end = bytes.AsSpan(start).IndexOf("\n{"u8) is >= 0 and var next ? start + next + 1 : bytes.Length;
                documents.AddRange(KubernetesYaml.ReadYaml(new DocumentPart(Encoding.UTF8.GetString(bytes, start, end - start), line)));
            }

            line += CountLines(bytes.AsSpan(start, end - start));
            start = end;
        }
    }

    /// <summary>Returns the value; null if the text is not JSON.</summary>
    public static JsonNode? TryParse(byte[] json)
    {
        var position = 0;
        return TryRead(json, line: 1, ref position)?.Root;
    }

    private static KubernetesDocument? TryRead(byte[] bytes, int line, ref int position)
    {
        var reader = new Utf8JsonReader(bytes.AsSpan(position), new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = BoundedParser.MaxDepth });
        try
        {
            reader.Read();
            var composer = new Composer(bytes.AsMemory(position), line);
            var root = composer.ReadNode(ref reader);
            position += (int)reader.BytesConsumed;
            return new KubernetesDocument(line, root) { Lines = composer.Lines, DuplicateKeys = composer.Duplicates };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static int CountLines(ReadOnlySpan<byte> text) => text.Count((byte)'\n');

    private sealed class Composer(ReadOnlyMemory<byte> bytes, int firstLine)
    {
        private int _counted;
        private int _line = firstLine;

        public NodeLines Lines { get; } = new();

        public List<DuplicateKey> Duplicates { get; } = [];

        public JsonNode? ReadNode(ref Utf8JsonReader reader)
        {
            var line = LineAt(ref reader);
            JsonNode? node = reader.TokenType switch
            {
                JsonTokenType.StartObject => ReadObject(ref reader),
                JsonTokenType.StartArray => ReadArray(ref reader),
                JsonTokenType.String => JsonValue.Create(reader.GetString()),
                JsonTokenType.Number => reader.TryGetInt64(out var integer) ? JsonValue.Create(integer) : JsonValue.Create(reader.GetDouble()),
                JsonTokenType.True => JsonValue.Create(true),
                JsonTokenType.False => JsonValue.Create(false),
                _ => null,
            };
            Lines.Add(node, line);
            return node;
        }

        private JsonObject ReadObject(ref Utf8JsonReader reader)
        {
            var map = new JsonObject();
            var keys = new Dictionary<string, int>(StringComparer.Ordinal);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (key, line) = (reader.GetString()!, LineAt(ref reader));
                reader.Read();
                if (!keys.TryAdd(key, line))
                    Duplicates.Add(new DuplicateKey(map, key, line, keys[key]));
                map[key] = ReadNode(ref reader);
            }

            return map;
        }

        private JsonArray ReadArray(ref Utf8JsonReader reader)
        {
            var array = new JsonArray();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                array.Add(ReadNode(ref reader));
            return array;
        }

        private int LineAt(ref Utf8JsonReader reader)
        {
            var to = (int)reader.TokenStartIndex;
            _line += bytes.Span[_counted..to].Count((byte)'\n');
            _counted = to;
            return _line;
        }
    }
}
