using IngressController.Matching;
using IngressController.Pipeline;
using IngressController.Routing.Table;

namespace IngressController.Views;

/// <param name="Host">The host; * for rules without one.</param>
/// <param name="PathType">The path type; Default for spec.defaultBackend.</param>
/// <param name="Path">The path, percent-encoded.</param>
/// <param name="Backend">The backend that gets its requests; null when there is none.</param>
/// <param name="Redirect">The redirect of its requests; null when they are not redirected.</param>
/// <param name="Unavailable">The reason why its requests are answered with 503; null when they are not.</param>
/// <param name="Ingress">The Ingress that it comes from.</param>
/// <param name="Field">The field of the Ingress.</param>
internal sealed record RouteView(string Host, string PathType, string Path, string? Backend, string? Redirect, string? Unavailable, string Ingress, string Field)
{
    private const string Suffix = "Policy";

    /// <summary>The names of its policies, which explain shows with their values; null when there are none.</summary>
    public string[]? Policies { get; init; }

    /// <summary>The values of its policies by name, secrets redacted; null where the view does not list them, or there are none.</summary>
    public Dictionary<string, string>? PolicyValues { get; init; }

    /// <summary>The choice of its endpoints; null if they take turns.</summary>
    public string? Balancing { get; init; }

    /// <summary>The canaries that get some of its requests, in the order in which they are asked; null when there are none.</summary>
    public CanaryView[]? Canaries { get; init; }

    /// <summary>The backends that share its requests; null when <see cref="Backend"/> gets all.</summary>
    public WeightView[]? Weights { get; init; }

    public static RouteView Of(RouteEntry route)
    {
        var definition = route.Definition;
        var forward = definition.Action as RouteAction.Forward;
        return new RouteView(
            route.Host.Length == 0 ? "*" : route.Host,
            definition.Origin.Rule < 0 ? "Default" : definition.Match.Type.ToString(),
            RequestPath.Encode(definition.Match.Value),
            forward?.Backend.ToString(),
            definition.Action is RouteAction.Redirect redirect ? $"{redirect.Status} to {redirect.Host ?? redirect.Path}" : null,
            (definition.Action as RouteAction.Unavailable)?.Reason,
            definition.Origin.Ingress.Name.Length == 0 ? "(--default-backend-service)" : definition.Origin.Ingress.ToString(),
            definition.Origin.Field)
        {
            Policies = definition.Policies.All.Count == 0 ? null : [.. definition.Policies.All.Select(NameOf)],
            Balancing = (route as ProxyRoute)?.Plan.Steps.OfType<EndpointChoiceStep>().FirstOrDefault()?.Choice.Description,
            Canaries = forward is { Canaries.Count: > 0 } ? [.. forward.Canaries.Select(CanaryView.Of)] : null,
            Weights = forward is { Weights.Count: > 0 } ? [.. forward.Weights.Select(weighted => new WeightView(weighted.Backend.ToString(), weighted.Weight))] : null,
        };
    }

    private static string NameOf(RoutePolicy policy) => policy.GetType().Name is var name && name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
}

/// <param name="Backend">The backend that gets the requests.</param>
/// <param name="Rules">The requests that it gets: header, cookie and weight.</param>
/// <param name="Ingress">The canary.</param>
/// <param name="Field">The field of the canary.</param>
internal sealed record CanaryView(string Backend, string Rules, string Ingress, string Field)
{
    public static CanaryView Of(CanaryBackend canary) =>
        new(canary.Backend.ToString(), canary.Rules.ToString(), canary.Origin.Ingress.ToString(), canary.Origin.Field);
}

/// <param name="Backend">The backend.</param>
/// <param name="Weight">Its part of the sum of all weights.</param>
internal sealed record WeightView(string Backend, int Weight);
