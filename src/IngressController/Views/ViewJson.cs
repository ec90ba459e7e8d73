using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using IngressController.Leadership;

namespace IngressController.Views;

/// <summary>How JSON for people and scripts is written: the same for the admin API and the commands.</summary>
internal static class ViewJson
{
    public static JsonSerializerOptions Options { get; } = new(ViewJsonContext.Default.Options)
    {
        TypeInfoResolver = ViewJsonContext.Default,
        // Not embedded in HTML: quotes in messages stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, TypeOf<T>());

    public static T? Read<T>(string json) => JsonSerializer.Deserialize(json, TypeOf<T>());

    extension(HttpResponse response)
    {
        /// <summary>Answers with a value of a type that <see cref="ViewJsonContext"/> lists.</summary>
        public Task AnswerJsonAsync<T>(T value) =>
            response.WriteAsJsonAsync(value, TypeOf<T>(), cancellationToken: response.HttpContext.RequestAborted);
    }

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
}

/// <summary>
/// All that is written as JSON. Made at compile time: the image is trimmed to what the code reaches, and what reflection would reach is
/// not part of that.
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
