using System.Text.Json;
using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>A port by number or by name, as <c>targetPort</c> has it.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct IntOrString(string Value)
{
    public override string ToString() => Value;

    internal sealed class Converter : JsonConverter<IntOrString>
    {
        public override IntOrString Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.Number => new(reader.GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture)),
                JsonTokenType.String => new(reader.GetString()!),
                _ => throw new JsonException("expected a number or a string"),
            };

        public override void Write(Utf8JsonWriter writer, IntOrString value, JsonSerializerOptions options)
        {
            if (int.TryParse(value.Value, System.Globalization.CultureInfo.InvariantCulture, out var number))
                writer.WriteNumberValue(number);
            else
                writer.WriteStringValue(value.Value);
        }
    }
}
