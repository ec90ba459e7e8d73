using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IngressController.Kubernetes.Serialization;

/// <summary>A node of YAML with its place in the text, for edits that leave the rest of the text as it is.</summary>
/// <param name="Start">The index of its first character.</param>
/// <param name="End">The index after its last character; of block collections, that of the last node in it.</param>
/// <param name="Column">The number of characters before it in its line.</param>
public sealed record YamlSpan(int Start, int End, int Column)
{
    /// <summary>The text of a scalar; null for collections and aliases.</summary>
    public string? Scalar { get; private init; }

    /// <summary>True for a mapping in braces or a list in brackets.</summary>
    public bool IsFlow { get; private init; }

    /// <summary>The keys and values of a mapping.</summary>
    public IReadOnlyList<(YamlSpan Key, YamlSpan Value)> Members { get; private init; } = [];

    /// <summary>The items of a list.</summary>
    public IReadOnlyList<YamlSpan> Items { get; private init; } = [];

    /// <summary>Returns the value of a key; null if there is none.</summary>
    public YamlSpan? this[string key] => Members.FirstOrDefault(member => member.Key.Scalar == key).Value;

    /// <summary>Returns the roots of all documents that parse as they are written.</summary>
    public static IReadOnlyList<YamlSpan> ReadAll(string text)
    {
        var roots = new List<YamlSpan>();
        foreach (var part in DocumentPart.Split(text))
        {
            // JSON objects one after another are parts of one part, which does not parse.
            try
            {
                var parser = new BoundedParser(new Parser(new StringReader(part.Text)), part.FirstLine - 1);
                parser.Consume<StreamStart>();
                var documents = new List<YamlSpan>();
                while (parser.TryConsume<DocumentStart>(out _))
                {
                    documents.Add(Read(parser, part.Start));
                    parser.Consume<DocumentEnd>();
                }

                roots.AddRange(documents);
            }
            catch (Exception error) when (KubernetesYaml.IsMalformed(error))
            {
                // It is reported when the text is read.
            }
        }

        return roots;
    }

    private static YamlSpan Read(IParser parser, int offset)
    {
        var start = parser.Current!;
        var (from, column) = ((int)start.Start.Index + offset, (int)start.Start.Column - 1);
        switch (start)
        {
            case MappingStart mapping:
                parser.MoveNext();
                var members = new List<(YamlSpan, YamlSpan)>();
                while (parser.Current is not MappingEnd)
                    members.Add((Read(parser, offset), Read(parser, offset)));
                var isFlow = mapping.Style == MappingStyle.Flow;
                return new YamlSpan(from, EndOf(parser, offset, isFlow, members is [.., (_, var value)] ? value.End : from), column) { Members = members, IsFlow = isFlow };
            case SequenceStart sequence:
                parser.MoveNext();
                var items = new List<YamlSpan>();
                while (parser.Current is not SequenceEnd)
                    items.Add(Read(parser, offset));
                isFlow = sequence.Style == SequenceStyle.Flow;
                return new YamlSpan(from, EndOf(parser, offset, isFlow, items is [.., var item] ? item.End : from), column) { Items = items, IsFlow = isFlow };
            default:
                parser.MoveNext();
                return new YamlSpan(from, (int)start.End.Index + offset, column) { Scalar = (start as Scalar)?.Value };
        }
    }

    private static int EndOf(IParser parser, int offset, bool isFlow, int lastEnd)
    {
        var end = isFlow ? (int)parser.Current!.End.Index + offset : lastEnd;
        parser.MoveNext();
        return end;
    }
}
