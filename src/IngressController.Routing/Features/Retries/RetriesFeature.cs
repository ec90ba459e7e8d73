using IngressController.Routing.Annotations;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Retries;

/// <summary>The number of attempts for a request that an endpoint did not process.</summary>
public static class RetriesFeature
{
    public static AnnotationKey<int> Tries { get; } = new()
    {
        Name = "proxy-next-upstream-tries",
        Form = ValueForms.Integer(0),
        Default = "the setting proxy-next-upstream-tries (3)",
        Documentation = "The maximum number of attempts for a request, the first one included; 1 means no retry, 0 no limit but the endpoints and the "
            + "retry budget. A request is attempted again, with its body, if it was not processed: no connection was made, or an HTTP/2 backend "
            + "refused it; and if it is idempotent and a kept connection was closed. Endpoints that refuse the connection do not count while there "
            + "is another one that did not refuse a moment ago, and an HTTP/2 backend can refuse a request 10 times.",
    };

    public static RouteFeature Feature { get; } = new("Retries", [Tries], Read) { Settings = RetrySettings.Keys };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var tries = context.Annotations.Read(Tries, context.Settings.Get<RetrySettings>().MaxTries);
        return tries == RetrySettings.DefaultMaxTries ? [] : [new RetryPolicy(tries)];
    }
}

/// <summary>The maximum number of attempts for a request, if it is not the default.</summary>
/// <param name="MaxTries">0 means no limit but the endpoints and the budget.</param>
public sealed record RetryPolicy(int MaxTries) : RoutePolicy;

/// <summary>The attempts of Ingresses without annotations for them.</summary>
public sealed record RetrySettings : FeatureSettings
{
    public const int DefaultMaxTries = 3;

    /// <summary>The maximum number of attempts for a request; 0 means no limit.</summary>
    public int MaxTries { get; init; } = DefaultMaxTries;

    internal static IReadOnlyList<SettingKey> Keys =>
    [
        SettingKey.Of("proxy-next-upstream-tries", ValueForms.Integer(0), "3",
            "The maximum number of attempts for a request, for Ingresses without proxy-next-upstream-tries; 0 means no limit.",
            (RetrySettings settings, int value) => settings with { MaxTries = value }),
    ];
}
