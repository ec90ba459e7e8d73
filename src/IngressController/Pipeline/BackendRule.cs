namespace IngressController.Pipeline;

/// <summary>A rule that can choose the backend of a request. Created with the route if the route has alternatives.</summary>
internal abstract class BackendRule
{
    /// <summary>What it chooses, for <c>explain</c>.</summary>
    public abstract string Describe();

    /// <summary>The backend of a request; null leaves the choice to the next rule. It has an endpoint.</summary>
    public abstract RouteBackend? Choose(ProxyRequest request);

    /// <summary>The backends that it can choose for a request, with their shares, without choosing one.</summary>
    public abstract IEnumerable<BackendCandidate> Foresee(ProxyRequest request);
}

/// <summary>A backend that can serve a request.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Source">Who names it: the canary, or the annotation.</param>
/// <param name="Share">Its part of such requests, from 0 to 1: of those that the rules before leave.</param>
/// <param name="Reason">The reason, in one clause.</param>
internal sealed record BackendCandidate(RouteBackend Backend, string Source, double Share, string Reason);
