namespace IngressController.Pipeline;

/// <summary>The decisions of the pipeline about a request that was never sent.</summary>
/// <param name="Request">The request, with its route if it has one.</param>
/// <param name="Steps">The steps of the route, in order.</param>
/// <param name="Refusal">The reason why it is refused outside of steps; null when it is not.</param>
/// <param name="IsForwarded">True if a backend would get it; else the response holds the local reply.</param>
internal sealed record DryRun(ProxyRequest Request, IReadOnlyList<DryRunStep> Steps, Refusal? Refusal, bool IsForwarded);

/// <summary>A step and its decision.</summary>
internal sealed record DryRunStep(RequestStep Step, StepOutcome Outcome);

internal enum StepOutcome
{
    /// <summary>The request continues with the next step.</summary>
    Continues,

    /// <summary>The step replies.</summary>
    Replies,

    /// <summary>An earlier step has replied.</summary>
    NotReached,
}
