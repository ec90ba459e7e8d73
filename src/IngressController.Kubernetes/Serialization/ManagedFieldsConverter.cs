using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// Reads from <c>managedFields</c> the manager that wrote <c>status.loadBalancer.ingress</c>, and keeps one entry with that name: the list
/// is as large as the object itself, and nothing else of it is used. No content of the list makes an object undecodable.
/// </summary>
internal sealed class ManagedFieldsConverter : JsonConverter<IList<V1ManagedFieldsEntry>>
{
    /// <summary>The last entry created; nearly always the next object has the same.</summary>
    private static volatile IList<V1ManagedFieldsEntry>? _shared;

    public override IList<V1ManagedFieldsEntry>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }

        string? manager = null;
        var owners = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var (name, owns) = ReadEntry(ref reader);
            if (!owns)
                continue;
            manager = name;
            owners++;
        }

        return owners == 1 && manager is not null ? EntryOf(manager) : null;
    }

    /// <summary>Writes the smallest value that reads back as the same entry.</summary>
    public override void Write(Utf8JsonWriter writer, IList<V1ManagedFieldsEntry> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var entry in value)
        {
            writer.WriteStartObject();
            writer.WriteString("manager"u8, entry.Manager);
            writer.WritePropertyName("fieldsV1"u8);
            writer.WriteRawValue("""{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}"""u8);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Returns the entry for the manager that wrote <c>status.loadBalancer.ingress</c>.</summary>
    private static IList<V1ManagedFieldsEntry> EntryOf(string manager)
    {
        if (_shared is [{ Manager: var last }] shared && last == manager)
            return shared;
        return _shared = ImmutableList.Create(new V1ManagedFieldsEntry { Manager = manager });
    }

    private static (string? Manager, bool Owns) ReadEntry(ref Utf8JsonReader reader)
    {
        string? manager = null;
        var owns = false;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return (null, false);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isManager = reader.ValueTextEquals("manager"u8);
            var isFields = reader.ValueTextEquals("fieldsV1"u8);
            reader.Read();
            if (isManager && reader.TokenType == JsonTokenType.String)
                manager = SharedStringConverter.Read(ref reader);
            else if (isFields)
                owns |= ContainsLoadBalancerIngress(ref reader, level: 0);
            else
                reader.Skip();
        }

        return (manager, owns);
    }

    /// <summary>Returns true if a set of fields contains <c>status.loadBalancer.ingress</c>; moves to its end.</summary>
    private static bool ContainsLoadBalancerIngress(ref Utf8JsonReader reader, int level)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }

        var contains = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isOnPath = level switch
            {
                0 => reader.ValueTextEquals("f:status"u8),
                1 => reader.ValueTextEquals("f:loadBalancer"u8),
                _ => reader.ValueTextEquals("f:ingress"u8),
            };
            reader.Read();
            if (!isOnPath || level == 2)
                reader.Skip();
            else
                contains |= ContainsLoadBalancerIngress(ref reader, level + 1);
            contains |= isOnPath && level == 2;
        }

        return contains;
    }
}
