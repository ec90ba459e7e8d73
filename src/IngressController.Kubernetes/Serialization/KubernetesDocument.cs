using System.Text.Json.Nodes;

namespace IngressController.Kubernetes.Serialization;

/// <summary>A document of a YAML or JSON stream as JSON, with the line at which it starts.</summary>
public sealed record KubernetesDocument(int Line, JsonNode? Root)
{
    /// <summary>The reason why the document cannot be read; null if it can.</summary>
    public KubernetesYamlException? Error { get; init; }

    /// <summary>The keys that a mapping has more than once; the last of each applies.</summary>
    public IReadOnlyList<DuplicateKey> DuplicateKeys { get; init; } = [];

    internal NodeLines Lines { get; init; } = new();

    /// <summary>Returns the line of a node: that of its key, or of itself in a list.</summary>
    public int LineOf(JsonNode? node) => Lines.Find(node) ?? Line;
}

/// <summary>A key that a mapping has more than once, with the line of the one that applies.</summary>
public sealed record DuplicateKey(JsonObject Mapping, string Key, int Line, int FirstLine);

/// <summary>YAML that does not parse. The message names the line, and the column if that is known.</summary>
public sealed class KubernetesYamlException(string message, int line = 1, Exception? inner = null) : FormatException(message, inner)
{
    /// <summary>The line of the error, from 1.</summary>
    public int Line => line;

    /// <summary>True if the text is a template, which becomes YAML only when it is rendered.</summary>
    public bool IsTemplate { get; init; }
}

/// <summary>The lines of the nodes of a document.</summary>
internal sealed class NodeLines
{
    private readonly Dictionary<JsonNode, int> _lines = new(ReferenceEqualityComparer.Instance);

    public void Add(JsonNode? node, int line)
    {
        if (node is not null)
            _lines[node] = line;
    }

    /// <summary>Returns the line of the node or of the nearest node around it.</summary>
    public int? Find(JsonNode? node)
    {
        for (var current = node; current is not null; current = current.Parent)
        {
            if (_lines.TryGetValue(current, out var line))
                return line;
        }

        return null;
    }
}
