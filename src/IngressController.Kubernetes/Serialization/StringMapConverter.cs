using System.Text.Json;
using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// Annotations and labels. Their keys are shared, and <c>kubectl.kubernetes.io/last-applied-configuration</c> is skipped: it repeats the whole
/// object as text, which is of use to kubectl alone.
/// </summary>
/// <param name="path">Where the map is in its object, for errors.</param>
internal sealed class StringMapConverter(string path) : JsonConverter<IDictionary<string, string>>
{
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
            map[key] = reader.TokenType == JsonTokenType.String ? SharedStringConverter.Read(ref reader) : ReadNullOrRefuse(ref reader, key)!;
        }

        return map;
    }

    private string? ReadNullOrRefuse(ref Utf8JsonReader reader, string key)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException error)
        {
            // As the serializer writes it, which ends a path at the map that a converter reads.
            var place = key.AsSpan().ContainsAny("./[]'\" ()") ? $"['{key}']" : $".{key}";
            throw new JsonException(error.Message, $"{path}{place}", lineNumber: null, bytePositionInLine: null, error);
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
