using System.Globalization;
using System.Text;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>The parameters of a list.</summary>
public sealed record ListRequest
{
    /// <summary>The namespace; null for all.</summary>
    public string? Namespace { get; init; }

    public string? FieldSelector { get; init; }

    public string? LabelSelector { get; init; }

    /// <summary>
    /// The version of the state: "" for the newest, read from etcd; "0" for any state in the server's cache; any other value for a state
    /// not older than that version.
    /// </summary>
    public string ResourceVersion { get; init; } = "";

    /// <summary>Maximum number of objects per page; null for no limit. A server that answers from its cache ignores it.</summary>
    public int? Limit { get; init; }

    internal string PathAndQuery<T>(ResourceType<T> resource, string? continueToken)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        new QueryBuilder(resource.CollectionPath(Namespace))
            .Add("fieldSelector", FieldSelector)
            .Add("labelSelector", LabelSelector)
            .Add("limit", Limit?.ToString(CultureInfo.InvariantCulture))
            .Add("continue", continueToken)
            // The token implies the version of its list; the server rejects both together.
            .Add("resourceVersion", continueToken is null ? ResourceVersion : null)
            .ToString();
}

/// <summary>The parameters of a watch. Bookmarks are always requested.</summary>
public sealed record WatchRequest
{
    /// <summary>The namespace; null for all.</summary>
    public string? Namespace { get; init; }

    public string? FieldSelector { get; init; }

    public string? LabelSelector { get; init; }

    /// <summary>The version after which events are sent.</summary>
    public required string ResourceVersion { get; init; }

    /// <summary>The time after which the server ends the watch.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Begins with the current objects as ADDED events, closed by a bookmark (KEP-3157, watch-list).</summary>
    public bool SendInitialEvents { get; init; }

    internal string PathAndQuery<T>(ResourceType<T> resource)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        new QueryBuilder(resource.CollectionPath(Namespace))
            .Add("watch", "1")
            .Add("allowWatchBookmarks", "true")
            .Add("fieldSelector", FieldSelector)
            .Add("labelSelector", LabelSelector)
            .Add("resourceVersion", ResourceVersion)
            .Add("sendInitialEvents", SendInitialEvents ? "true" : null)
            .Add("resourceVersionMatch", SendInitialEvents ? "NotOlderThan" : null)
            .Add("timeoutSeconds", Math.Max(1, (long)Timeout.TotalSeconds).ToString(CultureInfo.InvariantCulture))
            .ToString();
}

/// <summary>One page of a list.</summary>
/// <param name="Continue">The token of the next page; empty or null on the last one.</param>
public sealed record ListPage<T>(
    IReadOnlyList<T> Items, IReadOnlyList<UndecodableObject> Undecodable, string? ResourceVersion, string? Continue);

/// <summary>Builds a path with the query parameters that have values.</summary>
internal sealed class QueryBuilder(string path)
{
    private readonly StringBuilder _text = new(path);
    private char _separator = '?';

    public QueryBuilder Add(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _text.Append(_separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            _separator = '&';
        }

        return this;
    }

    public override string ToString() => _text.ToString();
}
