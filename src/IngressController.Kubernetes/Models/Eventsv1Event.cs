using System.Text.Json.Serialization;

namespace IngressController.Kubernetes.Models;

/// <summary>An Event of events.k8s.io/v1. Once written, the API server lets nothing but its series change.</summary>
public sealed class Eventsv1Event : IKubernetesObject
{
    /// <summary>The longest <see cref="Note"/>, in bytes of UTF-8.</summary>
    public const int LongestNote = 1024;

    /// <summary>The longest <see cref="ReportingInstance"/>, <see cref="Action"/> and <see cref="Reason"/>.</summary>
    public const int LongestWord = 128;

    public string? ApiVersion { get; init; }

    public string? Kind { get; init; }

    public V1ObjectMeta? Metadata { get; init; }

    /// <summary>When it was observed first.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? EventTime { get; init; }

    /// <summary>What has been observed since; null for a single occurrence.</summary>
    public Eventsv1EventSeries? Series { get; init; }

    public string? ReportingController { get; init; }

    public string? ReportingInstance { get; init; }

    /// <summary>What was done when it happened.</summary>
    public string? Action { get; init; }

    public string? Reason { get; init; }

    public V1ObjectReference? Regarding { get; init; }

    public string? Note { get; init; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type { get; init; }
}

/// <summary>The same occurrence again and again.</summary>
public sealed class Eventsv1EventSeries
{
    /// <summary>How often, the first time included; at least 2.</summary>
    public int Count { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? LastObservedTime { get; init; }
}
