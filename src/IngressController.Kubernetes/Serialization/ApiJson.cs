using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// JSON of the package's models, with less memory and better errors than the package's own: fields that nothing reads are skipped
/// (<see cref="ModelShape"/>), common strings are shared, and a value of the wrong type is a <see cref="JsonException"/> with its path.
/// </summary>
public static class ApiJson
{
    /// <summary>Resolves the models of <see cref="ApiJsonContext"/>.</summary>
    public static IJsonTypeInfoResolver Resolver { get; } = ApiJsonContext.Default.WithAddedModifier(ModelShape.Apply);

    private static readonly JsonSerializerOptions Options = Create();

    /// <summary>Returns the metadata that decodes and writes a model.</summary>
    public static JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, TypeInfoResolver = Resolver };
        options.MakeReadOnly();
        return options;
    }
}
