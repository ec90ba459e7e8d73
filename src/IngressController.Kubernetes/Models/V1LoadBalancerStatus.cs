using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>
/// Where clients find a Service or an Ingress. The types of the two differ in what is not read here: <c>ports</c>, and <c>ipMode</c>.
/// </summary>
public sealed class V1LoadBalancerStatus
{
    public List<V1LoadBalancerIngress>? Ingress { get; init; }
}

public sealed class V1LoadBalancerIngress
{
    [JsonConverter(typeof(SharedStringConverter))]
    public string? Ip { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Hostname { get; init; }
}
