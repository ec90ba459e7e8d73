using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.LoadBalancing;

/// <summary>The algorithm that selects the endpoints of requests.</summary>
public static class LoadBalancingFeature
{
    private static readonly (string Name, BalancingAlgorithm Algorithm)[] Algorithms =
    [
        ("round_robin", BalancingAlgorithm.RoundRobin), ("ewma", BalancingAlgorithm.Ewma), ("least_requests", BalancingAlgorithm.LeastRequests),
        ("power_of_two", BalancingAlgorithm.PowerOfTwo), ("random", BalancingAlgorithm.Random),
        // The names of YARP's policies, with the older annotation.
        ("RoundRobin", BalancingAlgorithm.RoundRobin), ("LeastRequests", BalancingAlgorithm.LeastRequests),
        ("PowerOfTwoChoices", BalancingAlgorithm.PowerOfTwo),
    ];

    private static readonly string Names = string.Join(", ", Algorithms.Take(5).Select(entry => entry.Name));

    /// <summary>The algorithms, and a hint for those of nginx and YARP that there are not.</summary>
    internal static ValueForm<BalancingAlgorithm> Form { get; } = new(Names, text =>
    {
        foreach (var (name, algorithm) in Algorithms)
        {
            if (name.Equals(text, StringComparison.OrdinalIgnoreCase))
                return algorithm;
        }

        return ValueForm<BalancingAlgorithm>.Refuse($"is not one of {Names}{Hint(text)}");
    });

    public static AnnotationKey<BalancingAlgorithm> LoadBalance { get; } = new()
    {
        Name = "load-balance",
        Difference = "Also least_requests, power_of_two and random.",
        Aliases = ["load-balancing"],
        Form = Form,
        DefaultSetting = new SettingDefault("load-balance", "round_robin"),
        Documentation = "The algorithm that selects the endpoint of a request. round_robin takes all in turn. least_requests takes the one with the fewest "
            + "requests in flight, in turn among equals. power_of_two takes the one of two random endpoints with fewer requests in flight. ewma takes the "
            + "one of two random endpoints with the lower expected response time: a moving average of the time to the head of a response, over about "
            + "10 s, that follows a slower response at once, times the requests in flight; a failed attempt counts as at least 1 s. random takes a "
            + "random one. Requests in flight and times are those of this replica, and of all Ingresses that use the port of the Service. An endpoint that "
            + "took no connection a moment ago is left alone for that moment, with every algorithm. A client with a session (affinity) stays on its "
            + "endpoint, and upstream-hash-by takes precedence over this annotation. The names RoundRobin, LeastRequests, PowerOfTwoChoices and Random of "
            + "YARP are read, too.",
    };

    public static RouteFeature Feature { get; } = new("Load balancing", [LoadBalance], Read) { Settings = BalancingSettings.Keys };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var algorithm = context.Annotations.Read(LoadBalance, context.Settings.Get<BalancingSettings>().Algorithm);
        return algorithm == BalancingAlgorithm.RoundRobin ? [] : [new LoadBalancingPolicy(algorithm)];
    }

    private static string Hint(string text) => text.ToLowerInvariant() switch
    {
        "least_conn" or "least_request" or "leastrequest" => "; use least_requests",
        "ip_hash" => "; use upstream-hash-by with $remote_addr",
        _ => "",
    };
}

/// <summary>The algorithm of an Ingress, if it is not round robin.</summary>
public sealed record LoadBalancingPolicy(BalancingAlgorithm Algorithm) : RoutePolicy;

/// <summary>The algorithm of Ingresses without an annotation for it.</summary>
public sealed record BalancingSettings : FeatureSettings
{
    public BalancingAlgorithm Algorithm { get; init; }

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("load-balance", LoadBalancingFeature.Form, "round_robin",
            "The algorithm that selects the endpoint of a request, for Ingresses without load-balance.",
            (BalancingSettings settings, BalancingAlgorithm value) => settings with { Algorithm = value }),
    ];
}
