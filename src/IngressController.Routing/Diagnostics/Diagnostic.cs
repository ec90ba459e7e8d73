namespace IngressController.Routing.Diagnostics;

public enum DiagnosticSeverity
{
    /// <summary>Worth knowing; nothing is wrong.</summary>
    Info,

    /// <summary>Something may not work as intended, or does not work now.</summary>
    Warning,

    /// <summary>The object is invalid and its owner must change it.</summary>
    Error,
}

/// <summary>The effect of a problem on traffic.</summary>
public enum DiagnosticEffect
{
    /// <summary>Traffic does not change.</summary>
    None,

    /// <summary>The field is ignored.</summary>
    FieldIgnored,

    /// <summary>Requests to the route are answered 503.</summary>
    RouteUnavailable,

    /// <summary>The route does not exist: no request could match it, or an older Ingress has it.</summary>
    RouteLeftOut,

    /// <summary>The whole object is ignored.</summary>
    ObjectIgnored,

    /// <summary>The host is served with the default certificate.</summary>
    DefaultCertificate,

    /// <summary>The last valid certificate is still served.</summary>
    LastGoodCertificate,
}

/// <summary>The object that a diagnostic is about.</summary>
public readonly record struct DiagnosticSubject(string Kind, ResourceName Name)
{
    public override string ToString() => Name.Namespace.Length == 0 ? $"{Kind} {Name.Name}" : $"{Kind} {Name}";
}

/// <summary>One problem of one object, as data: Events, metrics, the admin API, the log and <c>lint</c> all show it.</summary>
/// <param name="Code">A code of the closed catalogue.</param>
/// <param name="Severity">The severity.</param>
/// <param name="Subject">The object whose owner can fix the problem.</param>
/// <param name="Field">The field path in the object, as in kubectl explain.</param>
/// <param name="Message">The problem and what to do.</param>
/// <param name="Effect">The effect on traffic.</param>
public sealed record Diagnostic(
    DiagnosticCode Code, DiagnosticSeverity Severity, DiagnosticSubject Subject, string Field, string Message, DiagnosticEffect Effect)
    : IComparable<Diagnostic>
{
    public string Message { get; init; } = DiagnosticText.Printable(Message);

    public int CompareTo(Diagnostic? other)
    {
        if (other is null)
            return 1;
        var order = string.CompareOrdinal(Subject.Kind, other.Subject.Kind);
        order = order != 0 ? order : Subject.Name.CompareTo(other.Subject.Name);
        order = order != 0 ? order : string.CompareOrdinal(Field, other.Field);
        order = order != 0 ? order : Code.CompareTo(other.Code);
        order = order != 0 ? order : string.CompareOrdinal(Message, other.Message);
        return order != 0 ? order : Effect.CompareTo(other.Effect);
    }

    public override string ToString() => $"{Severity} {Code} {Subject} {Field}: {Message} ({Effect})";
}
