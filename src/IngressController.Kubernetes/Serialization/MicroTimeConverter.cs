using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// The API's MicroTime: RFC 3339 in UTC with exactly six decimals. The package writes whole seconds without decimals, which the API server
/// rejects. An unreadable time is null: a time that another program wrote must not prevent a lease from being acquired.
/// </summary>
internal sealed class MicroTimeConverter : JsonConverter<DateTime?>
{
    public override DateTime? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String
            && DateTimeOffset.TryParse(reader.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time.UtcDateTime;
        reader.Skip();
        return null;
    }

    public override void Write(Utf8JsonWriter writer, DateTime? value, JsonSerializerOptions options)
    {
        if (value is { } time)
            writer.WriteStringValue(Text(time));
        else
            writer.WriteNullValue();
    }

    public static string Text(DateTime time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The same format for a field that cannot be null.</summary>
    internal sealed class Required : JsonConverter<DateTime>
    {
        public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTime();

        public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) => writer.WriteStringValue(Text(value));
    }
}
