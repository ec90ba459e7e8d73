namespace IngressController.Routing.Annotations;

/// <summary>A value written as YAML. Closed.</summary>
public abstract record YamlValue
{
    private YamlValue()
    {
    }

    /// <summary>The kind of value, for people.</summary>
    public abstract string Kind { get; }

    /// <summary>A scalar as written: numbers and booleans are texts, null is an empty one.</summary>
    public sealed record Text(string Value) : YamlValue
    {
        public override string Kind => "a string";
    }

    public sealed record List(EquatableArray<YamlValue> Items) : YamlValue
    {
        public override string Kind => "a list";
    }

    /// <summary>Entries with unique text keys, in the order of writing.</summary>
    public sealed record Map(EquatableArray<YamlEntry> Entries) : YamlValue
    {
        public override string Kind => "a map";

        public YamlValue? Find(string key)
        {
            foreach (var entry in Entries)
            {
                if (entry.Key == key)
                    return entry.Value;
            }

            return null;
        }
    }
}

/// <summary>A key of a map with its value.</summary>
public readonly record struct YamlEntry(string Key, YamlValue Value);
