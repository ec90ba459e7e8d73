using IngressController.Routing.Table;

namespace IngressController.Routing.Annotations;

/// <summary>A value written as YAML. Closed.</summary>
public abstract record YamlValue
{
    private YamlValue()
    {
    }

    /// <summary>What kind of thing it is, for people.</summary>
    public abstract string Kind { get; }

    /// <summary>A scalar as it is written: numbers and booleans are texts here, null is an empty one.</summary>
    public sealed record Text(string Value) : YamlValue
    {
        public override string Kind => "a string";
    }

    public sealed record List(EquatableArray<YamlValue> Items) : YamlValue
    {
        public override string Kind => "a list";
    }

    /// <summary>Its keys are texts, each once, in the order in which they are written.</summary>
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
