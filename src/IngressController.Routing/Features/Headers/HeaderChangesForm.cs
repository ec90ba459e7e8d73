using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace IngressController.Routing.Features.Headers;

/// <summary>
/// Reads <c>set:</c> and <c>add:</c> (names with values) and <c>remove:</c> (a list of names), written in YAML or JSON. One bad entry
/// makes all of it bad: half of a protection is none.
/// </summary>
internal static class HeaderChangesForm
{
    private const int MaxDepth = 4;

    public static ValueForm<HeaderChanges> Of(Func<string, string?> nameProblem) => new(
        "YAML or JSON with set and add (names and values) and remove (a list of names)", text => Parse(text, nameProblem))
    {
        AllowsLines = true,
    };

    private static Parsed<HeaderChanges> Parse(string text, Func<string, string?> nameProblem)
    {
        YamlNode root;
        try
        {
            // Before anything is built: a few lines of aliases can stand for gigabytes.
            if (ShapeProblem(text) is { } shape)
                return Refuse(shape);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents is not [var document])
                return Refuse("is not one YAML document");
            root = document.RootNode;
        }
        catch (YamlException error)
        {
            return Refuse($"is no YAML: {DiagnosticText.Shorten(error.Message)}");
        }

        return root is YamlMappingNode mapping ? Read(mapping, nameProblem) : Refuse("is no mapping with set, add or remove");
    }

    private static string? ShapeProblem(string text)
    {
        var parser = new Parser(new StringReader(text));
        var depth = 0;
        while (parser.MoveNext())
        {
            if (parser.Current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
                return "holds an anchor or an alias; write the value out";
            depth += parser.Current!.NestingIncrease;
            if (depth > MaxDepth + 2)
                return "is nested too deeply";
        }

        return null;
    }

    private static Parsed<HeaderChanges> Read(YamlMappingNode mapping, Func<string, string?> nameProblem)
    {
        var reading = new Reading(nameProblem);
        foreach (var (key, value) in mapping.Children)
        {
            switch ((key as YamlScalarNode)?.Value)
            {
                case "set":
                    reading.ReadFields("set", value, reading.Set, isUnique: true);
                    break;
                case "add":
                    reading.ReadFields("add", value, reading.Add, isUnique: false);
                    break;
                case "remove":
                    reading.ReadNames(value);
                    break;
                case var other:
                    reading.Note($"holds \"{DiagnosticText.Shorten(other ?? "a list")}\", which is none of set, add and remove");
                    break;
            }
        }

        if (reading is { Set.Count: 0, Add.Count: 0, Remove.Count: 0 })
            reading.Note("changes nothing");
        return reading.Problem is { } problem ? Refuse(problem) : new HeaderChanges([.. reading.Set], [.. reading.Add], [.. reading.Remove]);
    }

    private static Parsed<HeaderChanges> Refuse(string problem) => ValueForm<HeaderChanges>.Refuse(problem);

    /// <summary>What has been read so far, and the first problem.</summary>
    private sealed class Reading(Func<string, string?> nameProblem)
    {
        private readonly HashSet<string> _unique = new(StringComparer.OrdinalIgnoreCase);

        public List<HeaderField> Set { get; } = [];

        public List<HeaderField> Add { get; } = [];

        public List<string> Remove { get; } = [];

        public string? Problem { get; private set; }

        public void Note(string problem) => Problem ??= problem;

        public void ReadFields(string part, YamlNode node, List<HeaderField> fields, bool isUnique)
        {
            if (node is not YamlMappingNode mapping)
            {
                Note($"has under {part} no names with values");
                return;
            }

            foreach (var (key, value) in mapping.Children)
            {
                if ((key, value) is not (YamlScalarNode { Value: { } name }, YamlScalarNode { Value: var text } scalar))
                    Note($"has under {part} something that is no name with a value");
                else if (ReadName(part, name, isUnique) && HeaderSyntax.ValueProblem(IsNull(scalar) ? "" : text!) is { } problem)
                    Note($"has under {part} the header \"{DiagnosticText.Shorten(name)}\", whose value {problem}");
                else
                    fields.Add(new HeaderField(name, text!));
            }
        }

        public void ReadNames(YamlNode node)
        {
            if (node is not YamlSequenceNode sequence)
            {
                Note("has under remove no list of names");
                return;
            }

            foreach (var child in sequence.Children)
            {
                if (child is not YamlScalarNode { Value: { } name })
                    Note("has under remove something that is no name");
                else if (ReadName("remove", name, isUnique: true))
                    Remove.Add(name);
            }
        }

        private bool ReadName(string part, string name, bool isUnique)
        {
            if (nameProblem(name) is { } problem)
                Note($"has under {part} the header \"{DiagnosticText.Shorten(name)}\", which {problem}");
            else if (isUnique && !_unique.Add(name))
                Note($"has the header \"{DiagnosticText.Shorten(name)}\" twice under set and remove");
            return Problem is null;
        }

        private static bool IsNull(YamlScalarNode scalar) =>
            scalar.Value is null || (scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null");
    }
}
