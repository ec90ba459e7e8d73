namespace IngressController.Pipeline;

/// <summary>
/// Chooses the backend of a request, once: the first of its rules that chooses one decides, else the main backend serves it. Only routes with
/// alternatives have the step.
/// </summary>
internal sealed class BackendStep(RouteBackend main, BackendRule[] rules) : RequestStep
{
    public override string Name => "backend";

    /// <summary>Creates the step with the rules that the route needs, in the order in which they are asked.</summary>
    public static Func<PlanContext, RequestStep?> Of(params Func<PlanContext, BackendRule?>[] rules) => context =>
        context.Backends is { } backends && rules.Select(create => create(context)).OfType<BackendRule>().ToArray() is { Length: > 0 } created
            ? new BackendStep(backends.Main, created)
            : null;

    public override string Describe(Revision revision) => $"{string.Join("; else ", rules.Select(rule => rule.Describe()))}; else {main}";

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        if (IsChosen(request))
            return ValueTask.FromResult(true);
        foreach (var rule in rules)
        {
            if (rule.Choose(request) is not { } backend)
                continue;
            request.Backend = backend;
            break;
        }

        return ValueTask.FromResult(true);
    }

    /// <summary>Nothing is left to chance: the backend that most of such requests get.</summary>
    public override ValueTask<bool> DryRunAsync(ProxyRequest request)
    {
        if (!IsChosen(request))
            request.Backend = Foresee(request).MaxBy(candidate => candidate.Share)?.Backend;
        return ValueTask.FromResult(true);
    }

    /// <summary>True if another step has given the request to a Service that is none of the route's.</summary>
    private static bool IsChosen(ProxyRequest request) => request.Cluster != request.Route.Cluster;

    /// <summary>The backends that can serve such a request, in the order in which they are asked, with their shares of all.</summary>
    public IReadOnlyList<BackendCandidate> Foresee(ProxyRequest request)
    {
        var all = new List<BackendCandidate>();
        var left = 1.0;
        foreach (var rule in rules)
        {
            var candidates = rule.Foresee(request).Select(candidate => candidate with { Share = candidate.Share * left }).ToArray();
            all.AddRange(candidates);
            left = Math.Max(0, left - candidates.Sum(candidate => candidate.Share));
        }

        const double Rounding = 1e-9;
        if (!all.Exists(candidate => candidate.Backend.Cluster == main.Cluster))
            all.Add(new BackendCandidate(main, "main", left < Rounding ? 0 : left, left < Rounding ? "nothing is left for it" : "nothing else is chosen"));
        return all;
    }
}
