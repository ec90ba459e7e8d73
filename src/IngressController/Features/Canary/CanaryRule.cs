using System.Globalization;
using IngressController.Pipeline;
using IngressController.Routing.Table;

namespace IngressController.Features.Canary;

/// <summary>
/// Chooses a canary: each is asked in turn, the oldest first. One number is drawn for a request, and each canary has a range of its own, so
/// that the weights of several add up and none changes the share of another.
/// </summary>
internal sealed class CanaryRule : BackendRule
{
    private readonly Canary[] _canaries;
    private readonly Random _random;

    private CanaryRule(Canary[] canaries, Random random)
    {
        _canaries = canaries;
        _random = random;
    }

    public static BackendRule? Create(PlanContext context) =>
        context is { Backends: { Canaries.Length: > 0 } backends, Definition.Action: RouteAction.Forward forward }
            ? new CanaryRule([.. Canary.Of(forward.Canaries, backends.Canaries)], context.Service<Random>())
            : null;

    public override string Describe() => string.Join("; else ", _canaries.Select(canary => $"{canary.Backend} if {canary.Definition.Rules}"));

    public override RouteBackend? Choose(ProxyRequest request)
    {
        var drawn = -1.0;
        foreach (var canary in _canaries)
        {
            if (!canary.Backend.Cluster.HasEndpoints)
                continue;
            switch (canary.Matcher.Ask(request.Context.Request.Headers))
            {
                case CanaryAnswer.SelectedByHeader or CanaryAnswer.SelectedByCookie:
                    return canary.Backend;
                case CanaryAnswer.Undecided when canary.Share > 0:
                    if (drawn < 0)
                        drawn = _random.NextDouble();
                    if (drawn >= canary.From && drawn < canary.To)
                        return canary.Backend;
                    break;
                default:
                    break;
            }
        }

        return null;
    }

    public override IEnumerable<BackendCandidate> Foresee(ProxyRequest request)
    {
        var left = 1.0;
        foreach (var canary in _canaries)
        {
            var (share, reason) = canary.Foresee(request);
            share = Math.Min(share, left);
            left -= share;
            yield return new BackendCandidate(canary.Backend, $"canary {canary.Definition.Origin.Ingress}", share, reason);
        }
    }

    /// <summary>A canary at run time.</summary>
    /// <param name="Backend">Its backend.</param>
    /// <param name="Definition">The canary of the routing table.</param>
    /// <param name="From">The start of its range of drawn numbers.</param>
    /// <param name="To">The end of the range, exclusive.</param>
    private sealed record Canary(RouteBackend Backend, CanaryBackend Definition, double From, double To)
    {
        public CanaryMatcher Matcher { get; } = new(Definition.Rules);

        public double Share => To - From;

        public static IEnumerable<Canary> Of(EquatableArray<CanaryBackend> definitions, RouteBackend[] backends)
        {
            var from = 0.0;
            for (var i = 0; i < backends.Length; i++)
            {
                var to = Math.Min(1, from + definitions[i].Rules.Share);
                yield return new Canary(backends[i], definitions[i], from, to);
                from = to;
            }
        }

        public (double Share, string Reason) Foresee(ProxyRequest request)
        {
            var rules = Definition.Rules;
            if (!Backend.Cluster.HasEndpoints)
                return (0, "has no endpoint");
            return Matcher.Ask(request.Context.Request.Headers) switch
            {
                CanaryAnswer.SelectedByHeader => (1, $"header {rules.Header!.Name} selects it"),
                CanaryAnswer.ExcludedByHeader => (0, $"header {rules.Header!.Name} excludes it"),
                CanaryAnswer.SelectedByCookie => (1, $"cookie {rules.Cookie} selects it"),
                CanaryAnswer.ExcludedByCookie => (0, $"cookie {rules.Cookie} excludes it"),
                _ when Share > 0 => (Share, string.Create(CultureInfo.InvariantCulture, $"by weight, {rules.Weight} of {rules.Total}")),
                _ => (0, rules.Weight > 0 ? "older canaries have all of the weight" : "nothing selects it"),
            };
        }
    }
}
