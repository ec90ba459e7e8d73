namespace IngressController.Proxy;

/// <summary>What the pipeline decided about a request that was never sent.</summary>
/// <param name="Route">Its route; null when it has none.</param>
/// <param name="Steps">The steps of the route, in order.</param>
/// <param name="Refusal">Why it is refused outside of steps; null when it is not.</param>
/// <param name="IsForwarded">Whether a backend would get it; else the answer stands in the response.</param>
internal sealed record Rehearsal(ProxyRoute? Route, IReadOnlyList<RehearsedStep> Steps, Refusal? Refusal, bool IsForwarded);

/// <summary>A step and what it decided.</summary>
internal sealed record RehearsedStep(RequestStep Step, StepOutcome Outcome);

internal enum StepOutcome
{
    /// <summary>The request goes on to the next one.</summary>
    GoesOn,

    /// <summary>The request is answered here.</summary>
    Answers,

    /// <summary>The request was answered before.</summary>
    NotReached,
}
