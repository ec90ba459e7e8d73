using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Headers;

/// <summary>
/// Reads <c>set:</c> and <c>add:</c> (names with values) and <c>remove:</c> (a list of names), written in YAML or JSON. One invalid entry
/// makes all of it invalid: half of a protection is none.
/// </summary>
internal static class HeaderChangesForm
{
    public static ValueForm<HeaderChanges> Of(Func<string, string?> nameProblem) => YamlForms.Of(
        "YAML or JSON with set and add (names and values) and remove (a list of names)", value => Read(value, nameProblem));

    private static Parsed<HeaderChanges> Read(YamlValue value, Func<string, string?> nameProblem)
    {
        if (value is not YamlValue.Map map)
            return Refuse("is not a map with set, add or remove");
        var reading = new Reading(nameProblem);
        foreach (var (key, part) in map.Entries)
        {
            switch (key)
            {
                case "set":
                    reading.ReadFields("set", part, reading.Set, isUnique: true);
                    break;
                case "add":
                    reading.ReadFields("add", part, reading.Add, isUnique: false);
                    break;
                case "remove":
                    reading.ReadNames(part);
                    break;
                default:
                    reading.Note($"contains \"{DiagnosticText.Shorten(key)}\", which is not one of set, add and remove");
                    break;
            }
        }

        if (reading is { Set.Count: 0, Add.Count: 0, Remove.Count: 0 })
            reading.Note("changes nothing");
        return reading.Problem is { } problem ? Refuse(problem) : new HeaderChanges([.. reading.Set], [.. reading.Add], [.. reading.Remove]);
    }

    private static Parsed<HeaderChanges> Refuse(string problem) => ValueForm<HeaderChanges>.Refuse(problem);

    /// <summary>The result so far, and the first problem.</summary>
    private sealed class Reading(Func<string, string?> nameProblem)
    {
        private readonly HashSet<string> _unique = new(StringComparer.OrdinalIgnoreCase);

        public List<HeaderField> Set { get; } = [];

        public List<HeaderField> Add { get; } = [];

        public List<string> Remove { get; } = [];

        public string? Problem { get; private set; }

        public void Note(string problem) => Problem ??= problem;

        public void ReadFields(string part, YamlValue value, List<HeaderField> fields, bool isUnique)
        {
            if (value is not YamlValue.Map map)
            {
                Note($"has a value for {part} that is not a map of names and values");
                return;
            }

            foreach (var (name, entry) in map.Entries)
            {
                if (entry is not YamlValue.Text text)
                    Note($"has a value under {part} that is not a string");
                else if (ReadName(part, name, isUnique))
                    ReadField(part, name, text.Value, fields);
            }
        }

        private void ReadField(string part, string name, string text, List<HeaderField> fields)
        {
            if (HeaderSyntax.ReadValue(text, out var problem) is { } value)
                fields.Add(new HeaderField(name, value));
            else
                Note($"has the header \"{DiagnosticText.Shorten(name)}\" under {part}, whose value {problem}");
        }

        public void ReadNames(YamlValue value)
        {
            if (value is not YamlValue.List list)
            {
                Note("has a value for remove that is not a list of names");
                return;
            }

            foreach (var item in list.Items)
            {
                if (item is not YamlValue.Text name)
                    Note("has an entry under remove that is not a string");
                else if (ReadName("remove", name.Value, isUnique: true))
                    Remove.Add(name.Value);
            }
        }

        private bool ReadName(string part, string name, bool isUnique)
        {
            if (nameProblem(name) is { } problem)
                Note($"has the header \"{DiagnosticText.Shorten(name)}\" under {part}, which {problem}");
            else if (isUnique && !_unique.Add(name))
                Note($"has the header \"{DiagnosticText.Shorten(name)}\" more than once under set and remove");
            return Problem is null;
        }
    }
}
