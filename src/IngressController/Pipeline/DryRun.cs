namespace IngressController.Pipeline;

/// <summary>The result of a dry run of the pipeline.</summary>
/// <param name="Request">The request, with its route if one matches.</param>
/// <param name="Steps">The steps of the route, in order.</param>
/// <param name="Refusal">The refusal outside of steps; null if there is none.</param>
/// <param name="IsForwarded">True if the request would be forwarded; otherwise the response holds the local reply.</param>
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
