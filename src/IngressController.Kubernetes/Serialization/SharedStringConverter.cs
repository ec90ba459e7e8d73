using System.Text.Json;
using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// Decodes a string that many objects have in common (a namespace, a kind, a path type) to one instance, so that thousands of objects do
/// not hold thousands of equal strings. The pool is a table of fixed size in which a new string replaces the one in its slot: it never
/// grows, and a miss costs only another string.
/// </summary>
internal sealed class SharedStringConverter : JsonConverter<string>
{
    private const int Slots = 1024;
    private const int MaxSharedLength = 64;
    private static readonly string?[] Pool = new string?[Slots];

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? Read(ref reader) : throw new JsonException("expected a string");

    /// <summary>Returns the string or property name at the reader's position.</summary>
    public static string Read(ref Utf8JsonReader reader)
    {
        var length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (length > MaxSharedLength)
            return reader.GetString()!;

        Span<char> text = stackalloc char[MaxSharedLength];
        text = text[..reader.CopyString(text)];
        ref var slot = ref Pool[(uint)string.GetHashCode(text, StringComparison.Ordinal) % Slots];
        var shared = Volatile.Read(ref slot);
        if (shared is not null && text.SequenceEqual(shared))
            return shared;
        shared = text.ToString();
        Volatile.Write(ref slot, shared);
        return shared;
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
