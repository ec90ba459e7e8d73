using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;

namespace IngressController.Kubernetes.Serialization;

/// <summary>Reads a port number or name. The package's own converter throws NotSupportedException on a boolean.</summary>
internal sealed class IntOrStringConverter : JsonConverter<IntOrString>
{
    private static readonly IntOrStringJsonConverter Package = new();

    public override IntOrString? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.Number or JsonTokenType.String
            ? Package.Read(ref reader, typeToConvert, options)
            : throw new JsonException("expected a number or a string");

    public override void Write(Utf8JsonWriter writer, IntOrString value, JsonSerializerOptions options) => Package.Write(writer, value, options);
}
