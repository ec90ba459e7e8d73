namespace IngressController.Routing.Annotations;

/// <summary>
/// The values with which annotations without support ask for nothing, so that ignoring them changes nothing: a feature that is turned off,
/// or a default that is in force anyway. They are accepted silently.
/// </summary>
internal static class OffSwitches
{
    private static readonly EquatableArray<string> No = ["false", "False", "FALSE", "f", "F", "0"];

    private static readonly Dictionary<string, EquatableArray<string>> Values = new(StringComparer.Ordinal)
    {
        ["add-base-url"] = No,
        ["auth-tls-pass-certificate-to-upstream"] = No,
        ["auth-tls-verify-client"] = ["off"],
        ["enable-access-log"] = No,
        ["enable-influxdb"] = No,
        ["enable-modsecurity"] = No,
        ["enable-opentelemetry"] = No,
        ["enable-opentracing"] = No,
        ["enable-owasp-core-rules"] = No,
        ["global-rate-limit"] = ["0"],
        ["grpc-backend"] = No,
        ["opentelemetry-trust-incoming-span"] = No,
        ["opentracing-trust-incoming-span"] = No,
        ["proxy-http-version"] = ["1.1"],
        ["secure-backends"] = No,
        ["ssl-passthrough"] = No,
    };

    /// <summary>
    /// The annotation that turns off the feature of another one. <c>auth-tls-match-cn</c> is not in it: without a certificate no subject
    /// matches, so it still denies.
    /// </summary>
    private static readonly Dictionary<string, string> Switches = new(StringComparer.Ordinal)
    {
        ["auth-tls-error-page"] = "auth-tls-verify-client",
        ["auth-tls-pass-certificate-to-upstream"] = "auth-tls-verify-client",
        ["auth-tls-secret"] = "auth-tls-verify-client",
        ["auth-tls-verify-depth"] = "auth-tls-verify-client",
        ["enable-owasp-core-rules"] = "enable-modsecurity",
        ["global-rate-limit-ignored-cidrs"] = "global-rate-limit",
        ["global-rate-limit-key"] = "global-rate-limit",
        ["global-rate-limit-window"] = "global-rate-limit",
        ["modsecurity-snippet"] = "enable-modsecurity",
        ["modsecurity-transaction-id"] = "enable-modsecurity",
        ["opentelemetry-operation-name"] = "enable-opentelemetry",
        ["opentelemetry-trust-incoming-span"] = "enable-opentelemetry",
        ["opentracing-trust-incoming-span"] = "enable-opentracing",
    };

    /// <summary>The annotations that have a value in this list or a switch.</summary>
    public static IEnumerable<string> Names => Values.Keys.Concat(Switches.Keys).Concat(Switches.Values).Distinct(StringComparer.Ordinal);

    /// <summary>True if an annotation asks for nothing, by its own value or by that of its switch.</summary>
    /// <param name="name">The annotation without prefix.</param>
    /// <param name="textOf">Returns the value of an annotation in force; null if it is not set.</param>
    public static bool AsksForNothing(string name, Func<string, string?> textOf) =>
        IsOff(name, textOf) || (Switches.TryGetValue(name, out var other) && IsOff(other, textOf));

    private static bool IsOff(string name, Func<string, string?> textOf) =>
        Values.TryGetValue(name, out var values) && textOf(name) is { } text && values.Contains(text.Trim());
}
