using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// Reads the identity and version of an object and skips the rest: annotations may contain the object's content, as
/// <c>kubectl.kubernetes.io/last-applied-configuration</c> does with that of Secrets.
/// </summary>
internal sealed class MetadataIdentityConverter : JsonConverter<V1ObjectMeta>
{
    private enum Property
    {
        Other,
        Name,
        Namespace,
        Uid,
        ResourceVersion,
    }

    public override V1ObjectMeta Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("metadata is not an object");
        string? name = null, @namespace = null, uid = null, version = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var property = reader.ValueTextEquals("name"u8) ? Property.Name
                : reader.ValueTextEquals("namespace"u8) ? Property.Namespace
                : reader.ValueTextEquals("uid"u8) ? Property.Uid
                : reader.ValueTextEquals("resourceVersion"u8) ? Property.ResourceVersion
                : Property.Other;
            reader.Read();
            switch (property)
            {
                case Property.Name: name = reader.GetString(); break;
                case Property.Namespace: @namespace = reader.TokenType == JsonTokenType.String ? SharedStringConverter.Read(ref reader) : reader.GetString(); break;
                case Property.Uid: uid = reader.GetString(); break;
                case Property.ResourceVersion: version = reader.GetString(); break;
                default: reader.Skip(); break;
            }
        }

        return new V1ObjectMeta { Name = name, NamespaceProperty = @namespace, Uid = uid, ResourceVersion = version };
    }

    public override void Write(Utf8JsonWriter writer, V1ObjectMeta value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, ApiJson.Of<V1ObjectMeta>());
}
