namespace IngressController.Routing.Annotations;

/// <summary>The scope of an annotation.</summary>
public enum AnnotationScope
{
    /// <summary>Every path of the Ingress.</summary>
    Ingress,

    /// <summary>
    /// The whole host, including paths of other Ingresses; of several Ingresses that set it, the oldest takes precedence.
    /// </summary>
    Host,
}

/// <summary>The effect of an invalid value.</summary>
public enum OnBadValue
{
    /// <summary>For tuning: the default applies.</summary>
    UseDefault,

    /// <summary>For protection: the paths of the Ingress answer 503 until it is fixed.</summary>
    CloseRoute,
}

/// <summary>The meaning of an annotation for a canary.</summary>
public enum CanaryUse
{
    /// <summary>That of the main Ingress applies.</summary>
    OfMain,

    /// <summary>That of the canary applies to its own backend.</summary>
    Own,

    /// <summary>It makes an Ingress a canary.</summary>
    Switch,
}

/// <summary>The support of an annotation. Closed.</summary>
public abstract record AnnotationSupport
{
    private AnnotationSupport()
    {
    }

    public static AnnotationSupport Full { get; } = new Supported();

    public sealed record Supported : AnnotationSupport;

    /// <summary>Known, and planned for a later version.</summary>
    /// <param name="Meanwhile">A clause with what applies until then: <c>no copy is sent</c>. Durations are named with their option.</param>
    public sealed record NotYet(string Meanwhile) : AnnotationSupport;

    /// <summary>It tunes something that does not exist here; ignoring it changes nothing that anyone relies on.</summary>
    public sealed record NoOp(string Why) : AnnotationSupport;

    /// <summary>It is not supported and will not be.</summary>
    /// <param name="Instead">A clause with the alternative: <c>use response-headers</c>.</param>
    public sealed record Never(string Instead) : AnnotationSupport
    {
        /// <summary>True if the last release of ingress-nginx does not have it any more.</summary>
        public bool IsFormer { get; init; }
    }
}

/// <summary>An annotation, declared once for translation, docs/annotations.md and <c>ingress-controller annotations</c>.</summary>
public abstract record AnnotationKey
{
    /// <summary>The name without prefix.</summary>
    public required string Name { get; init; }

    /// <summary>Older names with the same meaning.</summary>
    public EquatableArray<string> Aliases { get; init; } = [];

    public AnnotationScope Scope { get; init; }

    public OnBadValue OnBadValue { get; init; }

    /// <summary>True if the annotation adds one of the access checks that the annotation satisfy combines.</summary>
    public bool IsAccessCheck { get; init; }

    public CanaryUse CanaryUse { get; init; }

    public AnnotationSupport Support { get; init; } = AnnotationSupport.Full;

    /// <summary>The value when it is not set, for people; null when there is none.</summary>
    public string? Default { get => field ?? DefaultSetting?.ToString(); init; }

    /// <summary>The setting that applies when it is not set or invalid; null when there is none.</summary>
    public SettingDefault? DefaultSetting { get; init; }

    /// <summary>A clause with the effect of an invalid value, if it is neither the default nor closes the route: <c>it is false</c>.</summary>
    public string? WhenInvalid { get; init; }

    /// <summary>
    /// The difference from ingress-nginx of an annotation that it has too, in full sentences; null if there is none beyond those of all
    /// annotations.
    /// </summary>
    public string? Difference { get; init; }

    /// <summary>The meaning, with units and edge cases, in full sentences.</summary>
    public required string Documentation { get; init; }

    /// <summary>The syntax of its value, for people.</summary>
    public abstract string FormDescription { get; }

    public IEnumerable<string> Names => Aliases.Prepend(Name);
}

/// <summary>An annotation with a value of its own type.</summary>
public sealed record AnnotationKey<T> : AnnotationKey
{
    public required ValueForm<T> Form { get; init; }

    public override string FormDescription => Form.Description;
}

/// <summary>A setting as the default of an annotation.</summary>
/// <param name="Name">The name of the setting.</param>
/// <param name="Value">Its value, for people.</param>
public readonly record struct SettingDefault(string Name, string Value)
{
    public override string ToString() => $"the setting {Name} ({Value})";
}
