namespace IngressController.Routing.Values;

/// <summary>The place in an Ingress that a route comes from.</summary>
/// <param name="Ingress">The Ingress; empty for the operator's default backend.</param>
/// <param name="Rule">The index of the rule, or -1 for <c>spec.defaultBackend</c>.</param>
/// <param name="Path">The index of the path in its rule, or -1 for a rule without paths.</param>
public readonly record struct RouteOrigin(ResourceName Ingress, int Rule, int Path)
{
    public static RouteOrigin DefaultBackend(ResourceName ingress) => new(ingress, -1, 0);

    public bool IsDefaultBackend => Rule < 0;

    /// <summary>The field path, as in kubectl explain.</summary>
    public string Field => Rule < 0 ? "spec.defaultBackend" : Path < 0 ? $"spec.rules[{Rule}]" : $"spec.rules[{Rule}].http.paths[{Path}]";

    /// <summary>The field path of the route's backend.</summary>
    public string BackendField => Rule < 0 ? Field : $"{Field}.backend";

    public override string ToString() => $"{Ingress} {Field}";
}
