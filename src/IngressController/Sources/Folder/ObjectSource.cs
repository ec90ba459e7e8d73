using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IngressController.Kubernetes.Serialization;

namespace IngressController.Sources.Folder;

/// <summary>An object in its document, with the lines of its fields.</summary>
internal sealed partial class ObjectSource(KubernetesDocument document, JsonObject root)
{
    public KubernetesDocument Document => document;

    public JsonObject Root => root;

    public int Line { get; } = document.LineOf(root);

    /// <summary>The keys that a mapping of this object has more than once.</summary>
    public IEnumerable<DuplicateKey> DuplicateKeys => document.DuplicateKeys.Where(duplicate => IsInside(duplicate.Mapping));

    public int LineAt(string path) => document.LineOf(Find(path));

    /// <summary>Returns the node at a path, or the last one on the way to it that exists.</summary>
    public JsonNode Find(string path)
    {
        JsonNode current = root;
        foreach (Match step in Steps().Matches(path))
        {
            var next = current switch
            {
                JsonArray array when int.TryParse(step.Groups["index"].Value, CultureInfo.InvariantCulture, out var index) && index < array.Count => array[index],
                JsonObject map => map[step.Value.Trim('[', ']', '\'')],
                _ => null,
            };
            if (next is null)
                break;
            current = next;
        }

        return current;
    }

    public string PathOf(DuplicateKey duplicate)
    {
        var path = duplicate.Mapping.GetPath()[root.GetPath().Length..].TrimStart('.');
        return path.Length == 0 ? duplicate.Key : $"{path}.{duplicate.Key}";
    }

    private bool IsInside(JsonNode? node)
    {
        while (node is not null && node != root)
            node = node.Parent;
        return node is not null;
    }

    [GeneratedRegex(@"\[(?<index>\d+)\]|\['[^']*'\]|\[[^\]]*\]|[^.\[]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Steps();
}
