using IngressController.Pipeline;
using IngressController.Routing.Features.ErrorPages;
using IngressController.Routing.Table;

namespace IngressController.Features.ErrorPages;

/// <summary>default-backend: sends a request to it if the backend of the route has no endpoint.</summary>
internal sealed class ErrorPagesStep(ErrorPagesPolicy policy) : RequestStep
{
    public override string Name => "error pages";

    public static RequestStep? Create(PlanContext context) => context.Policy<ErrorPagesPolicy>() is { } policy ? new ErrorPagesStep(policy) : null;

    public override string Describe(Revision revision) => string.Join("; ", Parts());

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        // A route without a usable backend stays unavailable.
        if (request is { Cluster: not null, Route.HasEndpoints: false } && request.Route.Plan.ErrorPages?.DefaultBackend is { HasEndpoints: true } other)
            request.Cluster = other;
        return ValueTask.FromResult(true);
    }

    private IEnumerable<string> Parts()
    {
        if (policy.Own is { } own)
            yield return $"{Text(own)} serves if no endpoint is ready";
        if (policy.Codes.Count == 0)
            yield break;
        var pages = policy.Own is null ? Text(policy.Operators!.Value) : policy.Operators is { } other ? $"{Text(policy.Own.Value)}, else of {Text(other)}" : Text(policy.Own.Value);
        yield return $"{string.Join(", ", policy.Codes)}{(policy.PassesOnBackendErrors ? " of the proxy itself" : "")}: the page of {pages}; no page is requested in a dry run";
    }

    private static string Text(BackendId backend) => $"Service {backend.Service}";
}
