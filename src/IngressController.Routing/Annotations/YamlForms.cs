using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IngressController.Routing.Annotations;

/// <summary>
/// Values written as YAML, bounded because tenants write them: no anchors and aliases, which make a short text a huge value, no tags, one
/// document, limited depth.
/// </summary>
public static class YamlForms
{
    private const int MaxLength = 32 * 1024;

    private const int MaxDepth = 8;

    /// <summary>A form that reads a YAML text.</summary>
    public static ValueForm<T> Of<T>(string description, Func<YamlValue, Parsed<T>> read) => new(
        description,
        text =>
        {
            var parsed = Parse(text);
            return parsed.Problem is { } problem ? ValueForm<T>.Refuse(problem) : read(parsed.Value);
        })
    {
        AllowsLines = true,
    };

    /// <summary>A list of texts, for example <c>[GET, POST]</c>.</summary>
    public static ValueForm<EquatableArray<string>> TextList { get; } = Of("a YAML list of strings", ReadTexts);

    /// <summary>A map of texts.</summary>
    public static ValueForm<EquatableArray<KeyValuePair<string, string>>> TextMap { get; } = Of("a YAML map of strings", ReadTextMap);

    /// <summary>A list of maps of texts.</summary>
    public static ValueForm<EquatableArray<EquatableArray<KeyValuePair<string, string>>>> TextMapList { get; } = Of(
        "a YAML list of maps of strings", value => ReadList(value, ReadTextMap));

    /// <summary>Reads all items of a list in the same way; a problem names its item.</summary>
    public static Parsed<EquatableArray<T>> ReadList<T>(YamlValue value, Func<YamlValue, Parsed<T>> read)
    {
        if (value is not YamlValue.List list)
            return ValueForm<EquatableArray<T>>.Refuse($"is {value.Kind}, not a list");
        var items = new List<T>(list.Items.Count);
        foreach (var item in list.Items)
        {
            var parsed = read(item);
            if (parsed.Problem is { } problem)
                return ValueForm<EquatableArray<T>>.Refuse($"is invalid: entry {items.Count + 1} {problem}");
            items.Add(parsed.Value);
        }

        return new EquatableArray<T>([.. items]);
    }

    public static Parsed<EquatableArray<string>> ReadTexts(YamlValue value) => ReadList<string>(
        value, item => item is YamlValue.Text text ? text.Value : ValueForm<string>.Refuse($"is {item.Kind}, not a string"));

    public static Parsed<EquatableArray<KeyValuePair<string, string>>> ReadTextMap(YamlValue value)
    {
        if (value is not YamlValue.Map map)
            return ValueForm<EquatableArray<KeyValuePair<string, string>>>.Refuse($"is {value.Kind}, not a map");
        var entries = new List<KeyValuePair<string, string>>(map.Entries.Count);
        foreach (var (key, item) in map.Entries)
        {
            if (item is not YamlValue.Text text)
                return ValueForm<EquatableArray<KeyValuePair<string, string>>>.Refuse($"has {item.Kind}, not a string, under {key}");
            entries.Add(KeyValuePair.Create(key, text.Value));
        }

        return new EquatableArray<KeyValuePair<string, string>>([.. entries]);
    }

    /// <summary>Reads the one document of a text.</summary>
    public static Parsed<YamlValue> Parse(string text)
    {
        if (text.Length > MaxLength)
            return ValueForm<YamlValue>.Refuse($"is longer than {MaxLength} characters");
        try
        {
            // The parser keeps its own stack, so depth costs memory, not stack space of the process.
            var parser = new Parser(new StringReader(text));
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
                return ValueForm<YamlValue>.Refuse("contains no value");
            parser.Consume<DocumentStart>();
            var value = Read(parser, 1);
            parser.Consume<DocumentEnd>();
            return parser.Accept<StreamEnd>(out _) ? value : throw new YamlException("it has more than one document");
        }
        catch (YamlException error)
        {
            return ValueForm<YamlValue>.Refuse($"cannot be read as YAML: line {error.Start.Line}: {error.Message.TrimEnd('.')}");
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            // The scanner throws these for some texts of tenants that are no YAML; they must not stop the translation of others.
            return ValueForm<YamlValue>.Refuse($"cannot be read as YAML: {error.Message.TrimEnd('.')}");
        }
    }

    private static YamlValue Read(IParser parser, int level)
    {
        if (level > MaxDepth)
            throw Refuse(parser, $"it is nested deeper than {MaxDepth} levels");
        if (parser.Current is NodeEvent node && (!node.Anchor.IsEmpty || (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific)))
            throw Refuse(parser, "anchors and tags are not supported");
        if (parser.TryConsume<Scalar>(out var scalar))
            return new YamlValue.Text(TextOf(scalar));
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<YamlValue>();
            while (!parser.TryConsume<SequenceEnd>(out _))
                items.Add(Read(parser, level + 1));
            return new YamlValue.List([.. items]);
        }

        return parser.TryConsume<MappingStart>(out _) ? ReadMap(parser, level) : throw Refuse(parser, "aliases are not supported");
    }

    private static YamlValue.Map ReadMap(IParser parser, int level)
    {
        var entries = new List<YamlEntry>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (Read(parser, level + 1) is not YamlValue.Text key)
                throw Refuse(parser, "a key is not a string");
            if (!keys.Add(key.Value))
                throw Refuse(parser, $"{key.Value} is set twice");
            entries.Add(new(key.Value, Read(parser, level + 1)));
        }

        return new YamlValue.Map([.. entries]);
    }

    /// <summary>Refuses control characters, which escapes in quoted scalars can produce.</summary>
    private static string TextOf(Scalar scalar)
    {
        foreach (var c in scalar.Value)
        {
            if (char.IsControl(c))
                throw new YamlException(scalar.Start, scalar.End, $"a string contains the control character U+{(int)c:X4}");
        }

        return scalar.Style == ScalarStyle.Plain && scalar.Value is "~" or "null" ? "" : scalar.Value;
    }

    private static YamlException Refuse(IParser parser, string problem) =>
        new(parser.Current?.Start ?? Mark.Empty, parser.Current?.End ?? Mark.Empty, problem);
}
