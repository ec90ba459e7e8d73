using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace IngressController.Kubernetes.Serialization;

/// <summary>One document of a YAML or JSON stream, as JSON, with the line it starts at.</summary>
public sealed record KubernetesDocument(int Line, JsonNode? Root);

/// <summary>YAML that does not parse; the message names line and column.</summary>
public sealed class KubernetesYamlException(string message, Exception? inner = null) : FormatException(message, inner);

/// <summary>
/// Reads YAML 1.2 (and so JSON) into JSON nodes with the scalar rules of Kubernetes' own reader: plain scalars become booleans,
/// numbers or null, quoted ones stay strings.
/// </summary>
public static class KubernetesYaml
{
    /// <summary>All documents of the text; empty documents are left out.</summary>
    /// <exception cref="KubernetesYamlException">The text is no YAML.</exception>
    public static IReadOnlyList<KubernetesDocument> LoadAll(TextReader text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new MergingParser(new Parser(text)));
            return [.. stream.Documents
                .Where(document => document.RootNode is not YamlScalarNode { Value: null or "" })
                .Select(document => new KubernetesDocument((int)document.RootNode.Start.Line, ToJson(document.RootNode, depth: 0)))];
        }
        catch (YamlException error)
        {
            throw new KubernetesYamlException($"line {error.Start.Line}, column {error.Start.Column}: {error.Message}", error);
        }
        catch (ArgumentException error)
        {
            throw new KubernetesYamlException(error.Message, error);
        }
    }

    /// <summary>Deeper nesting than any Kubernetes object has; bounds the stack, also against anchors that refer to themselves.</summary>
    private const int MaxDepth = 100;

    private static JsonNode? ToJson(YamlNode node, int depth)
    {
        if (depth > MaxDepth)
            throw new KubernetesYamlException($"line {node.Start.Line}: nested deeper than {MaxDepth} levels");

        switch (node)
        {
            case YamlScalarNode scalar:
                return Scalar(scalar);
            case YamlSequenceNode sequence:
                return new JsonArray([.. sequence.Children.Select(child => ToJson(child, depth + 1))]);
            case YamlMappingNode mapping:
                var result = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    if (key is not YamlScalarNode { Value: { } name })
                        throw new KubernetesYamlException($"line {key.Start.Line}: a key must be a string");
                    result[name] = ToJson(value, depth + 1);
                }

                return result;
            default:
                throw new KubernetesYamlException($"line {node.Start.Line}: unexpected {node.NodeType}");
        }
    }

    private static JsonValue? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain || scalar.Tag == "tag:yaml.org,2002:str")
            return JsonValue.Create(text);

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
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
