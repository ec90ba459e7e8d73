using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IngressController.Kubernetes.Serialization;

/// <summary>Makes JSON nodes with their lines of the events of a YAML parser.</summary>
internal sealed class YamlComposer
{
    /// <summary>Maximum number of nodes that aliases add to a document; manifests stay far below, alias bombs do not.</summary>
    private const int MaxAliasedNodes = 100_000;

    private readonly IParser _parser;
    private readonly int _lineOffset;
    private readonly NodeLines _lines = new();
    private readonly List<DuplicateKey> _duplicates = [];
    private readonly Dictionary<string, Composed?> _anchors = new(StringComparer.Ordinal);
    private int _aliased;

    private YamlComposer(IParser parser, int lineOffset)
    {
        _parser = parser;
        _lineOffset = lineOffset;
    }

    /// <summary>Returns the documents that are not empty.</summary>
    /// <exception cref="YamlException">The text is not YAML.</exception>
    /// <exception cref="KubernetesYamlException">The text is YAML that is no JSON, or too large.</exception>
    public static List<KubernetesDocument> Compose(string text, int firstLine)
    {
        var documents = new List<KubernetesDocument>();
        var parser = new BoundedParser(new Parser(new StringReader(text)), firstLine - 1);
        parser.Consume<StreamStart>();
        while (parser.TryConsume<DocumentStart>(out _))
        {
            var composer = new YamlComposer(parser, firstLine - 1);
            var line = composer.LineOf(parser.Current!);
            var root = composer.ReadNode(depth: 0);
            parser.Consume<DocumentEnd>();
            if (root.Node is not null && root.Node.GetValueKind() != System.Text.Json.JsonValueKind.String || root.Node?.GetValue<string>().Length > 0)
                documents.Add(new KubernetesDocument(line, root.Node) { Lines = composer._lines, DuplicateKeys = composer._duplicates });
        }

        return documents;
    }

    private int LineOf(ParsingEvent node) => (int)node.Start.Line + _lineOffset;

    private Composed ReadNode(int depth)
    {
        if (depth > BoundedParser.MaxDepth)
            throw BoundedParser.TooDeep(LineOf(_parser.Current!));
        if (_parser.TryConsume<AnchorAlias>(out var alias))
            return CopyOf(alias, depth);

        var line = LineOf(_parser.Current!);
        var anchor = ((NodeEvent)_parser.Current!).Anchor;
        if (!anchor.IsEmpty)
            _anchors[anchor.Value] = null;
        var composed = _parser.Current switch
        {
            SequenceStart => ReadSequence(depth),
            MappingStart => ReadMapping(depth),
            _ => new Composed(ReadScalar(), 1, 0),
        };
        _lines.Add(composed.Node, line);
        if (!anchor.IsEmpty)
            _anchors[anchor.Value] = composed;
        return composed;
    }

    private JsonValue? ReadScalar()
    {
        var scalar = _parser.Consume<Scalar>();
        // The action of a template on a line of its own is not the continuation of the value before it.
        if (scalar.Style == ScalarStyle.Plain && scalar.Start.Line != scalar.End.Line && scalar.Value.Contains("{{", StringComparison.Ordinal))
            throw new KubernetesYamlException($"line {LineOf(scalar)}: a value continues with {{{{", LineOf(scalar));
        return YamlScalars.ToJson(scalar);
    }

    private Composed ReadSequence(int depth)
    {
        _parser.Consume<SequenceStart>();
        var array = new JsonArray();
        var (size, height) = (1, 0);
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            var item = ReadNode(depth + 1);
            array.Add(item.Node);
            (size, height) = (size + item.Size, Math.Max(height, item.Height + 1));
        }

        return new Composed(array, size, height);
    }

    private Composed ReadMapping(int depth)
    {
        _parser.Consume<MappingStart>();
        var map = new JsonObject();
        var keys = new Dictionary<string, int>(StringComparer.Ordinal);
        var merged = new List<JsonObject>();
        var (size, height) = (1, 0);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = _parser.Consume<Scalar>();
            var line = LineOf(key);
            var value = ReadNode(depth + 1);
            (size, height) = (size + value.Size, Math.Max(height, value.Height + 1));
            if (key is { Value: "<<", Style: ScalarStyle.Plain })
            {
                merged.AddRange(Merged(value.Node, line));
                continue;
            }

            if (!keys.TryAdd(key.Value, line))
                _duplicates.Add(new DuplicateKey(map, key.Value, line, keys[key.Value]));
            map[key.Value] = value.Node;
            _lines.Add(value.Node, line);
        }

        foreach (var (key, value) in merged.SelectMany(Detach))
            map.TryAdd(key, value);
        return new Composed(map, size, height);
    }

    private static IEnumerable<JsonObject> Merged(JsonNode? value, int line) => value switch
    {
        JsonObject mapping => [mapping],
        JsonArray sequence when sequence.All(item => item is JsonObject) => sequence.Cast<JsonObject>(),
        _ => throw new KubernetesYamlException($"line {line}: << takes a mapping or a list of mappings", line),
    };

    private static KeyValuePair<string, JsonNode?>[] Detach(JsonObject mapping)
    {
        var members = mapping.ToArray();
        mapping.Clear();
        return members;
    }

    private Composed CopyOf(AnchorAlias alias, int depth)
    {
        var line = LineOf(alias);
        if (!_anchors.TryGetValue(alias.Value.Value, out var original))
        {
            throw new KubernetesYamlException(
                $"line {line}: *{alias.Value.Value} is an alias in YAML, and no anchor has that name; if it is text, put it in quotes", line);
        }

        if (original is not { } anchor || depth + anchor.Height > BoundedParser.MaxDepth)
            throw BoundedParser.TooDeep(line);
        _aliased += anchor.Size;
        return _aliased > MaxAliasedNodes
            ? throw new KubernetesYamlException($"line {line}: aliases repeat more than {MaxAliasedNodes} nodes", line)
            : anchor with { Node = Copy(anchor.Node) };
    }

    /// <summary>Copies a node with its lines; a node can be at one place only.</summary>
    private JsonNode? Copy(JsonNode? node)
    {
        JsonNode? copy = node switch
        {
            JsonObject map => new JsonObject(map.Select(member => KeyValuePair.Create(member.Key, Copy(member.Value)))),
            JsonArray array => new JsonArray([.. array.Select(Copy)]),
            _ => node?.DeepClone(),
        };
        if (_lines.Find(node) is { } line)
            _lines.Add(copy, line);
        return copy;
    }

    /// <param name="Node">The node.</param>
    /// <param name="Size">Number of nodes in it, with itself.</param>
    /// <param name="Height">Number of levels below it.</param>
    private readonly record struct Composed(JsonNode? Node, int Size, int Height);
}
