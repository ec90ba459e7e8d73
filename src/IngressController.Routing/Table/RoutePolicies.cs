namespace IngressController.Routing.Table;

/// <summary>Something that an Ingress asks for besides routing. Each feature has its own; they compare by value.</summary>
public abstract record RoutePolicy;

/// <summary>The paths of the Ingress answer 503: a protection it asks for cannot be understood.</summary>
/// <param name="Reason">For people who may read the object; clients are not told.</param>
public sealed record ClosedPolicy(string Reason) : RoutePolicy;

/// <summary>Where a value in force comes from, for <c>explain</c>.</summary>
/// <param name="Setting">The name without prefix.</param>
/// <param name="Value">As it was written.</param>
/// <param name="Origin">For example <c>annotation nginx.ingress.kubernetes.io/limit-rps</c> or <c>ConfigMap ingress/settings</c>.</param>
public sealed record PolicySource(string Setting, string Value, string Origin);

/// <summary>The policies of an Ingress, shared by all its routes.</summary>
public sealed record RoutePolicies(EquatableArray<RoutePolicy> All, EquatableArray<PolicySource> Sources)
{
    public static RoutePolicies None { get; } = new([], []);

    /// <summary>The policy of a type; null when there is none.</summary>
    public T? Get<T>()
        where T : RoutePolicy
    {
        foreach (var policy in All)
        {
            if (policy is T found)
                return found;
        }

        return null;
    }
}
