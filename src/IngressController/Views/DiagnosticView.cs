using IngressController.Routing.Diagnostics;

namespace IngressController.Views;

internal sealed record DiagnosticView(
    DiagnosticSeverity Severity, DiagnosticCode Code, string Kind, string Namespace, string Name, string Field, string Message, DiagnosticEffect Effect)
{
    public static DiagnosticView Of(Diagnostic diagnostic) => new(
        diagnostic.Severity, diagnostic.Code, diagnostic.Subject.Kind, diagnostic.Subject.Name.Namespace, diagnostic.Subject.Name.Name,
        diagnostic.Field, diagnostic.Message, diagnostic.Effect);
}
