using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>An object, as Events name the one they are about.</summary>
public sealed class V1ObjectReference
{
    public string? ApiVersion { get; init; }

    public string? Kind { get; init; }

    [JsonPropertyName("namespace")]
    public string? NamespaceProperty { get; init; }

    public string? Name { get; init; }

    /// <summary><c>kubectl describe</c> looks for Events of the object's uid, not of its name alone.</summary>
    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    /// <summary>The part of the object, for example <c>spec.rules[0].host</c>.</summary>
    public string? FieldPath { get; init; }
}
