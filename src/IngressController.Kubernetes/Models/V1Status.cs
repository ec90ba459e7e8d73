using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>What the API server answers when a call fails, also as the object of a watch's ERROR event.</summary>
public sealed class V1Status
{
    public string? Status { get; init; }

    public string? Message { get; init; }

    public string? Reason { get; init; }

    public int? Code { get; init; }

    public V1ListMeta? Metadata { get; init; }

    public V1StatusDetails? Details { get; init; }
}

public sealed class V1StatusDetails
{
    public string? Name { get; init; }

    public string? Group { get; init; }

    [JsonConverter(typeof(SharedStringConverter))]
    public string? Kind { get; init; }

    public int? RetryAfterSeconds { get; init; }

    public List<V1StatusCause>? Causes { get; init; }
}

public sealed class V1StatusCause
{
    public string? Reason { get; init; }

    public string? Message { get; init; }

    public string? Field { get; init; }
}
