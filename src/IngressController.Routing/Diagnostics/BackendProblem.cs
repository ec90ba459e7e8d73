namespace IngressController.Routing.Diagnostics;

/// <summary>A problem of a backend.</summary>
/// <param name="Code">The diagnostic's code.</param>
/// <param name="Field">The field below <c>backend.service</c>, for example <c>port.name</c>.</param>
/// <param name="Message">The problem and what to do.</param>
public sealed record BackendProblem(DiagnosticCode Code, string Field, string Message);
