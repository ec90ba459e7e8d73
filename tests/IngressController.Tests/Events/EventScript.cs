using IngressController.Events;
using IngressController.Routing.Diagnostics;

namespace IngressController.Tests.Events;

/// <summary>A planner with one Ingress and a clock.</summary>
internal sealed class EventScript
{
    public static readonly DateTime Start = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static readonly DiagnosticSubject Subject = new("Ingress", new("shop", "web"));

    public DateTime Now { get; set; } = Start;

    public EventState State { get; private set; } = EventState.Initial;

    public string? Uid { get; set; } = "uid-1";

    public int Fingerprint { get; set; }

    public bool IsServed { get; set; } = true;

    public int Room { get; init; } = int.MaxValue;

    /// <summary>True if every write succeeds at once.</summary>
    public bool WritesSucceed { get; init; } = true;

    /// <summary>Creates a problem. A capital letter is a problem that another object may resolve.</summary>
    public static Diagnostic Problem(char letter) => Problem(letter.ToString(), DiagnosticSeverity.Warning) with
    {
        Code = char.IsUpper(letter) ? DiagnosticCode.ServiceWithoutEndpoints : DiagnosticCode.HostInvalid,
    };

    public static Diagnostic Problem(string field, DiagnosticSeverity severity) =>
        new(DiagnosticCode.HostInvalid, severity, Subject, field, "is wrong", DiagnosticEffect.RouteLeftOut);

    public EventPlan SeeNothing() => See(Array.Empty<Diagnostic>());

    public EventPlan See(params char[] problems) => See([.. problems.Select(Problem)]);

    public EventPlan See(params Diagnostic[] problems)
    {
        var plan = EventPlanner.Plan(
            State, new EventObservation(problems, subject => new EventObject(subject, Uid, "1", Fingerprint, IsServed), Now), Room);
        State = plan.State;
        if (WritesSucceed)
            EndWrites([.. plan.Writes.Select(write => new EventOutcome(write.Key, write.Entry.Count, write.Entry.Last))]);
        return plan;
    }

    public void EndWrites(params EventOutcome[] outcomes) => State = State.EndWrites(outcomes, Now);
}
