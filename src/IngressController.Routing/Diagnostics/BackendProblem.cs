namespace IngressController.Routing.Diagnostics;

/// <summary>What is wrong with a backend.</summary>
/// <param name="Code">The diagnostic's code.</param>
/// <param name="Field">The field below <c>backend.service</c> it concerns, for example <c>port.name</c>.</param>
/// <param name="Message">What and what to do.</param>
public sealed record BackendProblem(DiagnosticCode Code, string Field, string Message);
