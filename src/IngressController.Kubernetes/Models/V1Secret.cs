using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

public sealed class V1Secret : IKubernetesObject
{
    /// <summary>The type of a Secret that holds <c>tls.crt</c> and <c>tls.key</c>.</summary>
    public const string TlsType = "kubernetes.io/tls";

    [JsonConverter(typeof(SharedStringConverter))]
    public string? ApiVersion { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    public V1ObjectMeta? Metadata { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Type { get; init; }

    public Dictionary<string, byte[]>? Data { get; init; }

    /// <summary>Only in manifests: the API server merges it into <see cref="Data"/> and never returns it.</summary>
    public Dictionary<string, string>? StringData { get; init; }

    public override string ToString() => $"Secret {Metadata?.NamespaceProperty}/{Metadata?.Name} [redacted]";
}
