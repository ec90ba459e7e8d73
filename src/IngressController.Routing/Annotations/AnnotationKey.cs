namespace IngressController.Routing.Annotations;

/// <summary>What an annotation concerns.</summary>
public enum AnnotationScope
{
    /// <summary>Every path of the Ingress.</summary>
    Ingress,

    /// <summary>The whole host, paths of other Ingresses included; of several Ingresses that say it the oldest counts.</summary>
    Host,
}

/// <summary>What a value that cannot be understood does.</summary>
public enum OnBadValue
{
    /// <summary>Tuning: the default counts.</summary>
    UseDefault,

    /// <summary>Protection: the paths of the Ingress answer 503 until it is mended.</summary>
    CloseRoute,
}

/// <summary>Whether an annotation does something here. Closed.</summary>
public abstract record AnnotationSupport
{
    private AnnotationSupport()
    {
    }

    public static AnnotationSupport Full { get; } = new Supported();

    public sealed record Supported : AnnotationSupport;

    /// <summary>Known, and it will do something in a later version.</summary>
    public sealed record NotYet : AnnotationSupport;

    /// <summary>It tunes something that does not exist here, and leaving it out changes nothing that anybody relies on.</summary>
    public sealed record NoOp(string Why) : AnnotationSupport;

    /// <summary>It will not work here.</summary>
    /// <param name="Instead">What to write instead, as a clause: <c>use response-headers</c>.</param>
    public sealed record Never(string Instead) : AnnotationSupport;
}

/// <summary>
/// One annotation, declared once: translation reads it by this, docs/annotations.md and <c>ingress-controller annotations</c> are made of it.
/// </summary>
public abstract record AnnotationKey
{
    /// <summary>Without prefix.</summary>
    public required string Name { get; init; }

    /// <summary>Older names with the same meaning.</summary>
    public EquatableArray<string> Aliases { get; init; } = [];

    public AnnotationScope Scope { get; init; }

    public OnBadValue OnBadValue { get; init; }

    /// <summary>True for an access check of those that the annotation satisfy combines.</summary>
    public bool IsAccessCheck { get; init; }

    public AnnotationSupport Support { get; init; } = AnnotationSupport.Full;

    /// <summary>What counts when it is not set, for people; null when nothing happens then.</summary>
    public string? Default { get; init; }

    /// <summary>What it does: meaning, units, edge cases; full sentences.</summary>
    public required string Documentation { get; init; }

    /// <summary>How its value is written, for people.</summary>
    public abstract string FormDescription { get; }

    public IEnumerable<string> Names => Aliases.Prepend(Name);
}

/// <summary>An annotation with a value of its own type.</summary>
public sealed record AnnotationKey<T> : AnnotationKey
{
    public required ValueForm<T> Form { get; init; }

    public override string FormDescription => Form.Description;
}
