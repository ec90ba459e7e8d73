using IngressController.Routing.Table;

namespace IngressController.Routing.Features.ErrorPages;

/// <summary>The Services that answer in place of the backend.</summary>
/// <param name="Codes">The statuses that are replaced by a page, in order; empty for none.</param>
/// <param name="Own">The Service of the Ingress, which also serves while the rule's Service has no endpoint; null if it names none.</param>
/// <param name="Operators">The Service of the operator, for pages while <paramref name="Own"/> has no endpoint; null if there is none.</param>
/// <param name="PassesOnBackendErrors">True if only errors of the proxy itself are replaced.</param>
public sealed record ErrorPagesPolicy(EquatableArray<int> Codes, BackendId? Own, BackendId? Operators, bool PassesOnBackendErrors) : RoutePolicy
{
    internal override BackendUse? BackendUse => Own is { } backend ? new BackendUse(backend, ErrorPagesFeature.DefaultBackend.Name) : null;
}
