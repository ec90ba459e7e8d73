using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Tests.Fakes;

/// <content>The objects and their history.</content>
public sealed partial class FakeApiServer
{
    private readonly SortedDictionary<string, SortedDictionary<string, JsonObject>> _objects = new(StringComparer.Ordinal);
    private readonly List<StoredEvent> _history = [];
    private long _version = 1000;
    private long _compactedTo;

    private sealed record StoredEvent(long Version, string Resource, string Type, JsonObject Object);

    /// <summary>The version of the newest change.</summary>
    public string ResourceVersion
    {
        get
        {
            lock (_lock)
                return _version.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Creates or updates the objects of a YAML or JSON text; each gets a uid and the next version.</summary>
    public void Upsert(string manifests)
    {
        foreach (var document in KubernetesYaml.LoadAll(new StringReader(manifests)))
            Upsert(document.Root!.AsObject());
    }

    public void Upsert<T>(ResourceType<T> resource, T item)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var json = JsonSerializer.SerializeToNode(item, resource.TypeInfo)!.AsObject();
        json["apiVersion"] = resource.ApiVersion;
        json["kind"] = resource.Kind;
        Upsert(json);
    }

    public void Upsert(JsonObject item)
    {
        var copy = item.DeepClone().AsObject();
        var resource = ResourceOf(copy["apiVersion"]!.GetValue<string>(), copy["kind"]!.GetValue<string>());
        if (copy["metadata"] is not JsonObject metadata)
            copy["metadata"] = metadata = [];
        if (resource.EndsWith("/secrets", StringComparison.Ordinal) && copy["stringData"] is JsonObject texts)
            MergeStringData(copy, texts);
        lock (_lock)
        {
            var objects = ObjectsOf(resource);
            var key = KeyOf(metadata);
            objects.TryGetValue(key, out var old);
            metadata["uid"] ??= old?["metadata"]?["uid"]?.GetValue<string>() ?? Guid.NewGuid().ToString();
            metadata["creationTimestamp"] ??= old?["metadata"]?["creationTimestamp"]?.GetValue<string>()
                ?? DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            KeepServerFields(resource, copy, old);
            objects[key] = copy;
            Record(resource, old is null ? "ADDED" : "MODIFIED", copy);
        }
    }

    /// <param name="kind">The kind, such as <c>Ingress</c>; the namespace is null for cluster-scoped objects.</param>
    public void Delete(string kind, string? @namespace, string name)
    {
        lock (_lock)
        {
            var resource = _objects.Keys.Single(key => key.EndsWith("/" + Plural(kind), StringComparison.Ordinal));
            var key = KeyOf(@namespace, name);
            var item = ObjectsOf(resource)[key].DeepClone().AsObject();
            ObjectsOf(resource).Remove(key);
            Record(resource, "DELETED", item);
        }
    }

    /// <summary>Removes the history: watches of older versions and continue tokens get 410.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            _compactedTo = _version;
            _history.Clear();
            _pages.Clear();
        }
    }

    /// <summary>Rewinds the version as a restore of etcd does: the objects stay, but newer versions are now in the future.</summary>
    public void Rewind(long versions)
    {
        lock (_lock)
        {
            _version -= versions;
            _compactedTo = _version;
            _history.Clear();
        }
    }

    private void Record(string resource, string type, JsonObject item)
    {
        item["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        var stored = new StoredEvent(_version, resource, type, item);
        _history.Add(stored);
        foreach (var watcher in _watchers)
            watcher.Offer(stored);
    }

    private SortedDictionary<string, JsonObject> ObjectsOf(string resource)
    {
        if (!_objects.TryGetValue(resource, out var objects))
            _objects[resource] = objects = new(StringComparer.Ordinal);
        return objects;
    }

    private static void MergeStringData(JsonObject secret, JsonObject texts)
    {
        var data = secret["data"] as JsonObject ?? [];
        foreach (var (name, text) in texts)
            data[name] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text!.GetValue<string>()));
        secret.Remove("stringData");
        secret["data"] = data;
    }

    private static string ResourceOf(string apiVersion, string kind)
    {
        var slash = apiVersion.IndexOf('/');
        return $"{(slash < 0 ? "" : apiVersion[..slash])}/{Plural(kind)}";
    }

    private static string Plural(string kind)
    {
        var name = kind.ToLowerInvariant();
        return name.EndsWith('s') ? name + "es" : name.EndsWith('y') ? name[..^1] + "ies" : name + "s";
    }

    private static string KeyOf(JsonNode metadata) =>
        KeyOf(metadata["namespace"]?.GetValue<string>(), metadata["name"]?.GetValue<string>() ?? "");

    private static string KeyOf(string? @namespace, string name) => $"{@namespace ?? "default"}/{name}";
}
