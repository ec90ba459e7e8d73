using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// Reads annotations and labels. Their keys are shared, and <c>kubectl.kubernetes.io/last-applied-configuration</c> is skipped: it repeats
/// the whole object as text, which only kubectl uses.
/// </summary>
/// <param name="path">The path of the map in its object, for errors.</param>
internal sealed class StringMapConverter(string path) : JsonConverter<IDictionary<string, string>>
{
    private static readonly SearchValues<char> QuotedCharacters = SearchValues.Create("./[]'\" ()");

    public override IDictionary<string, string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("expected an object");
        var map = new Dictionary<string, string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("kubectl.kubernetes.io/last-applied-configuration"u8))
            {
                reader.Read();
                reader.Skip();
                continue;
            }

            var key = SharedStringConverter.Read(ref reader);
            reader.Read();
            map[key] = reader.TokenType == JsonTokenType.String ? SharedStringConverter.Read(ref reader) : ReadNullOrThrow(ref reader, key)!;
        }

        return map;
    }

    private string? ReadNullOrThrow(ref Utf8JsonReader reader, string key)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException error)
        {
            // The serializer ends its path at a map that a converter reads; the key is appended in the serializer's notation.
            var suffix = key.AsSpan().ContainsAny(QuotedCharacters) ? $"['{key}']" : $".{key}";
            throw new JsonException(error.Message, $"{path}{suffix}", lineNumber: null, bytePositionInLine: null, error);
        }
    }

    public override void Write(Utf8JsonWriter writer, IDictionary<string, string> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (key, text) in value)
            writer.WriteString(key, text);
        writer.WriteEndObject();
    }
}
