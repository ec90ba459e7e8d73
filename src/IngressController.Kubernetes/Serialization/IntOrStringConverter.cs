using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;

namespace IngressController.Kubernetes.Serialization;

/// <summary>A port by number or by name, as <c>targetPort</c> has it. The package's own converter answers a boolean with NotSupportedException.</summary>
internal sealed class IntOrStringConverter : JsonConverter<IntOrString>
{
    private static readonly IntOrStringJsonConverter Package = new();

    public override IntOrString? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.Number or JsonTokenType.String
            ? Package.Read(ref reader, typeToConvert, options)
            : throw new JsonException("expected a number or a string");

    public override void Write(Utf8JsonWriter writer, IntOrString value, JsonSerializerOptions options) => Package.Write(writer, value, options);
}
