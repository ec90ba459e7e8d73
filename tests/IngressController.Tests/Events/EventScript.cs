using IngressController.Events;
using IngressController.Routing.Diagnostics;

namespace IngressController.Tests.Events;

/// <summary>One Ingress, a clock, and a planner that sees what is wrong with it.</summary>
internal sealed class EventScript
{
    public static readonly DateTime Start = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static readonly DiagnosticSubject Subject = new("Ingress", new("shop", "web"));

    public DateTime Now { get; set; } = Start;

    public EventLedger Ledger { get; private set; } = EventLedger.Empty;

    public string? Uid { get; set; } = "uid-1";

    public int Edition { get; set; }

    public bool IsServed { get; set; } = true;

    public int Room { get; init; } = int.MaxValue;

    /// <summary>Whether every write ends well at once.</summary>
    public bool SettlesItself { get; init; } = true;

    /// <summary>A capital letter is a problem that another object may solve in a moment.</summary>
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
            Ledger, new EventObservation(problems, subject => new EventObject(subject, Uid, "1", Edition, IsServed), Now), Room);
        Ledger = plan.Ledger;
        if (SettlesItself)
            Settle([.. plan.Writes.Select(write => new EventOutcome(write.Key, write.Entry.Count, write.Entry.Last))]);
        return plan;
    }

    public void Settle(params EventOutcome[] outcomes) => Ledger = Ledger.Settle(outcomes, Now);
}
