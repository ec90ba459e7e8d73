using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

public sealed class V1ConfigMap : IKubernetesObject
{
    [JsonConverter(typeof(SharedStringConverter))]
    public string? ApiVersion { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    public V1ObjectMeta? Metadata { get; init; }

    public Dictionary<string, string>? Data { get; init; }
}
