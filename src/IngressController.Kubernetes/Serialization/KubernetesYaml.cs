using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace IngressController.Kubernetes.Serialization;

/// <summary>A document of a YAML or JSON stream as JSON, with the line at which it starts.</summary>
public sealed record KubernetesDocument(int Line, JsonNode? Root);

/// <summary>YAML that does not parse. The message names the line and column if they are known.</summary>
public sealed class KubernetesYamlException(string message, int line = 1, Exception? inner = null) : FormatException(message, inner)
{
    /// <summary>The line of the error, from 1.</summary>
    public int Line => line;
}

/// <summary>
/// Reads YAML 1.2 (and so JSON) into JSON nodes with the scalar rules of the Kubernetes reader: plain scalars become booleans, numbers or
/// null, quoted ones stay strings.
/// </summary>
public static class KubernetesYaml
{
    /// <summary>Exceeds the nesting of any Kubernetes object. Bounds the stack, also against anchors that refer to themselves.</summary>
    private const int MaxDepth = 100;

    /// <summary>Maximum number of nodes that aliases add to a document; manifests stay far below, alias bombs do not.</summary>
    private const int MaxAliasedNodes = 100_000;

    /// <summary>Returns all documents of the text; empty documents are ignored.</summary>
    /// <exception cref="KubernetesYamlException">The text is not YAML.</exception>
    public static IReadOnlyList<KubernetesDocument> LoadAll(TextReader text)
    {
        try
        {
            // Standard input keeps its byte order mark.
            if (text.Peek() == '\uFEFF')
                _ = text.Read();
            var stream = new YamlStream();
            stream.Load(new BoundedParser(new Parser(text), MaxDepth));
            return [.. stream.Documents
                .Where(document => document.RootNode is not YamlScalarNode { Value: null or "" })
                .Select(document => new KubernetesDocument((int)document.RootNode.Start.Line, new JsonWriter().ToJson(document.RootNode, depth: 0)))];
        }
        catch (YamlException error)
        {
            throw new KubernetesYamlException($"line {error.Start.Line}, column {error.Start.Column}: {error.Message}", (int)error.Start.Line, error);
        }
        catch (Exception error) when (error is (ArgumentException and not System.Text.DecoderFallbackException) or InvalidOperationException or IndexOutOfRangeException or InvalidCastException)
        {
            // The parser throws these for some malformed input instead of its own exception.
            throw new KubernetesYamlException(error.Message, inner: error);
        }
    }

    /// <summary>Rejects input that would overflow the stack of the code that walks the nodes.</summary>
    private sealed class BoundedParser(IParser inner, int maxDepth) : IParser
    {
        /// <summary>One entry per open collection: null for a sequence, otherwise true if a key comes next.</summary>
        private readonly Stack<bool?> _open = [];

        public ParsingEvent? Current => inner.Current;

        public bool MoveNext()
        {
            if (!inner.MoveNext())
                return false;
            var current = inner.Current!;
            if (current is SequenceEnd or MappingEnd)
                _open.Pop();
            else if (current is YamlDotNet.Core.Events.Scalar or AnchorAlias or SequenceStart or MappingStart)
                Enter(current);
            return true;
        }

        private void Enter(ParsingEvent node)
        {
            if (_open.TryPeek(out var keyComesNext) && keyComesNext is { } isKey)
            {
                if (isKey && node is not YamlDotNet.Core.Events.Scalar)
                    throw new KubernetesYamlException($"line {node.Start.Line}: a key must be a string", (int)node.Start.Line);
                _open.Pop();
                _open.Push(!isKey);
            }

            if (node is SequenceStart or MappingStart)
                _open.Push(node is MappingStart ? true : null);
            if (_open.Count > maxDepth)
                throw TooDeep((int)node.Start.Line);
        }
    }

    private static KubernetesYamlException TooDeep(int line) => new($"line {line}: nested deeper than {MaxDepth} levels", line);

    private sealed class JsonWriter
    {
        private readonly HashSet<YamlNode> _written = new(ReferenceEqualityComparer.Instance);
        private int _aliased;

        public JsonNode? ToJson(YamlNode node, int depth)
        {
            var line = (int)node.Start.Line;
            if (depth > MaxDepth)
                throw TooDeep(line);
            if (!_written.Add(node) && ++_aliased > MaxAliasedNodes)
                throw new KubernetesYamlException($"line {line}: aliases repeat more than {MaxAliasedNodes} nodes", line);

            switch (node)
            {
                case YamlScalarNode scalar:
                    return Scalar(scalar);
                case YamlSequenceNode sequence:
                    return new JsonArray([.. sequence.Children.Select(child => ToJson(child, depth + 1))]);
                case YamlMappingNode mapping:
                    var result = new JsonObject();
                    Merge(mapping, result, depth);
                    return result;
                default:
                    throw new KubernetesYamlException($"line {line}: unexpected {node.NodeType}", line);
            }
        }

        /// <summary>Adds the keys of a mapping that are missing: first its own, then those that <c>&lt;&lt;</c> merges.</summary>
        private void Merge(YamlMappingNode mapping, JsonObject into, int depth)
        {
            foreach (var (key, value) in mapping.Children)
            {
                if (key is not YamlScalarNode { Value: { } name })
                    throw new KubernetesYamlException($"line {key.Start.Line}: a key must be a string", (int)key.Start.Line);
                if (!IsMerge(key) && !into.ContainsKey(name))
                    into[name] = ToJson(value, depth + 1);
            }

            foreach (var merged in mapping.Children.Where(child => IsMerge(child.Key)).SelectMany(child => Merged(child.Value)))
            {
                if (depth > MaxDepth)
                    throw TooDeep((int)merged.Start.Line);
                if (!_written.Add(merged) && ++_aliased > MaxAliasedNodes)
                    throw new KubernetesYamlException($"line {merged.Start.Line}: aliases repeat more than {MaxAliasedNodes} nodes", (int)merged.Start.Line);
                Merge(merged, into, depth + 1);
            }
        }

        private static bool IsMerge(YamlNode key) => key is YamlScalarNode { Value: "<<", Style: ScalarStyle.Plain };

        private static IEnumerable<YamlMappingNode> Merged(YamlNode value) => value switch
        {
            YamlMappingNode mapping => [mapping],
            YamlSequenceNode sequence when sequence.Children.All(child => child is YamlMappingNode) => sequence.Children.Cast<YamlMappingNode>(),
            _ => throw new KubernetesYamlException($"line {value.Start.Line}: << takes a mapping or a list of mappings", (int)value.Start.Line),
        };
    }

    private static JsonValue? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain || scalar.Tag == "tag:yaml.org,2002:str")
            return JsonValue.Create(text);

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            // YAML 1.1, as in the Kubernetes reader.
            "yes" or "Yes" or "YES" or "on" or "On" or "ON" => JsonValue.Create(true),
            "no" or "No" or "NO" or "off" or "Off" or "OFF" => JsonValue.Create(false),
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when IsNumberStart(text) && long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign,
                System.Globalization.CultureInfo.InvariantCulture, out var integer) => JsonValue.Create(integer),
            _ when IsNumberStart(text) && double.TryParse(text, System.Globalization.NumberStyles.Float,
                System.Globalization.CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }

    private static bool IsNumberStart(string text) => text[0] is (>= '0' and <= '9') or '-' or '+' or '.';
}
