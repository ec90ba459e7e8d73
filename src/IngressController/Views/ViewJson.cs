using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using IngressController.Leadership;

namespace IngressController.Views;

/// <summary>Reads and writes the JSON of the admin API and the commands.</summary>
internal static class ViewJson
{
    public static JsonSerializerOptions Options { get; } = new(ViewJsonContext.Default.Options)
    {
        TypeInfoResolver = ViewJsonContext.Default,
        // The JSON is not embedded in HTML, so quotes in messages can stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, TypeOf<T>());

    public static T? Read<T>(string json) => JsonSerializer.Deserialize(json, TypeOf<T>());

    extension(HttpResponse response)
    {
        /// <summary>Writes a value as the response. <see cref="ViewJsonContext"/> must list its type.</summary>
        public Task AnswerJsonAsync<T>(T value) =>
            response.WriteAsJsonAsync(value, TypeOf<T>(), cancellationToken: response.HttpContext.RequestAborted);
    }

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
}

/// <summary>
/// All types that are written as JSON. Their serializers are generated at compile time, because the image is trimmed and reflection would
/// not find all members.
/// </summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(IEnumerable<RouteView>))]
[JsonSerializable(typeof(IEnumerable<BackendView>))]
[JsonSerializable(typeof(IEnumerable<CertificateView>))]
[JsonSerializable(typeof(IEnumerable<DiagnosticView>))]
[JsonSerializable(typeof(CertificateView[]))]
[JsonSerializable(typeof(DiagnosticView[]))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(LeaderView))]
[JsonSerializable(typeof(AnnotationView[]))]
[JsonSerializable(typeof(SettingView[]))]
[JsonSerializable(typeof(LintReport))]
[JsonSerializable(typeof(Echo))]
internal sealed partial class ViewJsonContext : JsonSerializerContext;
