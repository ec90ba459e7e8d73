using System.Globalization;
using IngressController.Pipeline;

namespace IngressController.Features.BackendWeights;

/// <summary>backend-weights: chooses one of several backends at random, by weight. Backends without endpoints leave their share to the others.</summary>
internal sealed class WeightsRule(WeightedRouteBackend[] backends, Random random) : BackendRule
{
    public static BackendRule? Create(PlanContext context) =>
        context.Backends is { Weighted: { Length: > 0 } weighted } ? new WeightsRule(weighted, context.Service<Random>()) : null;

    public override string Describe() => string.Join(", ", backends.Select(weighted => string.Create(CultureInfo.InvariantCulture, $"{weighted.Weight} to {weighted.Backend}")));

    public override RouteBackend? Choose(ProxyRequest request)
    {
        while (true)
        {
            // 16 weights of at most 1,000,000 cannot overflow.
            var total = 0;
            foreach (var weighted in backends)
                total += weighted.EffectiveWeight;
            if (total == 0)
                return null;
            var drawn = random.Next(total);
            foreach (var weighted in backends)
            {
                drawn -= weighted.EffectiveWeight;
                if (drawn < 0)
                    return weighted.Backend;
            }

            // Endpoints have gone since the sum was made.
        }
    }

    public override IEnumerable<BackendCandidate> Foresee(ProxyRequest request)
    {
        var total = backends.Sum(weighted => weighted.EffectiveWeight);
        return backends.Select(weighted => new BackendCandidate(
            weighted.Backend, "backend-weights", total == 0 ? 0 : (double)weighted.EffectiveWeight / total,
            weighted.Weight == 0 ? "weight 0"
                : weighted.EffectiveWeight == 0 ? "has no endpoint"
                : string.Create(CultureInfo.InvariantCulture, $"by weight, {weighted.Weight} of {total}")));
    }
}
