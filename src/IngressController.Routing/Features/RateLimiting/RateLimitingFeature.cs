using System.Globalization;
using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.RateLimiting;

/// <summary>Rate limits by ingress-nginx's annotations and by the more general rate-limit. Both can be used together.</summary>
public static class RateLimitingFeature
{
    public static AnnotationKey<int> LimitConnections { get; } = Limit("limit-connections",
        "The number of requests that one client address may have in flight, over all paths of the Ingress, in each replica. Requests over the limit "
        + "get the status of the setting limit-conn-status-code (503).");

    public static AnnotationKey<int> LimitRps { get; } = Limit("limit-rps",
        "The number of requests per second that one client address may send, over all paths of the Ingress, in each replica. It is nginx's leaky "
        + "bucket: limit-rps times limit-burst-multiplier, and one more, may arrive at once. Requests over the limit get the status of the setting "
        + "limit-req-status-code (503).");

    public static AnnotationKey<int> LimitRpm { get; } = Limit("limit-rpm", "Like limit-rps, per minute. If both are set, requests must stay within both.");

    public static AnnotationKey<int> LimitBurstMultiplier { get; } = new()
    {
        Name = "limit-burst-multiplier",
        Form = ValueForms.Integer(1, 10_000),
        Default = "5",
        Documentation = "The burst of limit-rps and limit-rpm, as a multiple of the limit.",
    };

    public static AnnotationKey<IpNetworkSet> LimitAllowlist { get; } = new()
    {
        Name = "limit-allowlist",
        Aliases = ["limit-whitelist"],
        Form = AddressForms.Networks,
        Default = "none",
        Documentation = "Client addresses and networks that are exempt from all limits of the Ingress.",
    };

    public static AnnotationKey<int> RateLimit { get; } = Limit("rate-limit",
        "The number of requests per rate-limit-window for each key (rate-limit-key), over all paths of the Ingress; with rate-limit-algorithm "
        + "concurrency, the number of requests in flight. Responses report it in RateLimit-Policy and RateLimit (IETF draft), rejected ones also in "
        + "Retry-After.");

    public static AnnotationKey<TimeSpan> Window { get; } = new()
    {
        Name = "rate-limit-window",
        Form = new("a duration such as 1s, 1m or 1h", ReadWindow),
        Default = "1m",
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "The period of rate-limit.",
    };

    public static AnnotationKey<RateLimitAlgorithmKind> Algorithm { get; } = new()
    {
        Name = "rate-limit-algorithm",
        Default = "sliding-window, or token-bucket if rate-limit-burst is set",
        Form = ValueForms.OneOf(
            ("token-bucket", RateLimitAlgorithmKind.TokenBucket), ("sliding-window", RateLimitAlgorithmKind.SlidingWindow),
            ("fixed-window", RateLimitAlgorithmKind.FixedWindow), ("concurrency", RateLimitAlgorithmKind.Concurrency)),
        Documentation = "The algorithm that counts requests. token-bucket allows a burst and then the plain rate; sliding-window never allows more "
            + "than the limit in any window, estimated from the current window and the one before; fixed-window resets its count at the end of a "
            + "window, which begins with a key's first request; concurrency counts requests in flight and has no window.",
    };

    public static AnnotationKey<EquatableArray<RateLimitKeyPart>> Key { get; } = new()
    {
        Name = "rate-limit-key",
        Form = ValueForms.List.Select(ReadKey, "client-ip, header:NAME, cookie:NAME, query:NAME, host, path, api-client, or a list of them"),
        Default = "client-ip",
        Documentation = "The parts of a request that form its key: requests that agree in all of them share one count. A missing part counts as "
            + "empty. An IPv6 client is its /64. api-client is the client of the API key (api-key-secret), empty for an unknown key.",
    };

    public static AnnotationKey<int> Burst { get; } = new()
    {
        Name = "rate-limit-burst",
        Form = ValueForms.Integer(1, 10_000_000),
        Default = "the limit",
        Documentation = "The size of the bucket, for token-bucket: the number of requests that may arrive at once.",
    };

    public static AnnotationKey<int> Queue { get; } = new()
    {
        Name = "rate-limit-queue",
        Form = ValueForms.Integer(0, 10_000),
        Default = "0",
        Documentation = "The number of requests of a key that wait for their turn instead of being rejected, oldest first.",
    };

    public static AnnotationKey<int> Status { get; } = new()
    {
        Name = "rate-limit-status",
        Form = ValueForms.Integer(400, 599),
        Default = "429",
        Documentation = "The status of requests over rate-limit.",
    };

    public static AnnotationKey<RateLimitScope> Scope { get; } = new()
    {
        Name = "rate-limit-scope",
        Form = ValueForms.OneOf(("replica", RateLimitScope.Replica), ("cluster", RateLimitScope.Cluster)),
        Default = "replica",
        Documentation = "replica: each replica of the controller grants the whole limit. cluster: each grants its share of it, by the number of ready "
            + "endpoints of the Service that --replicas-service names (1 if none is named), rounded down and at least 1.",
    };

    public static AnnotationKey<bool> DryRun { get; } = new()
    {
        Name = "rate-limit-dry-run",
        Form = ValueForms.Boolean,
        Default = "false",
        Documentation = "Counts requests over rate-limit in the metric yarp_ingress_rate_limited_requests_total and lets them pass.",
    };

    public static RouteFeature Feature { get; } = new("Rate limits",
        [LimitConnections, LimitRps, LimitRpm, LimitBurstMultiplier, LimitAllowlist, RateLimit, Window, Algorithm, Key, Burst, Queue, Status, Scope, DryRun], Read)
    {
        Settings = RateLimitSettings.Keys,
    };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        if (annotations.IsEmpty)
            return [];
        // An invalid exemption exempts no one.
        var exempt = annotations.Read(LimitAllowlist, IpNetworkSet.Empty);
        RateLimitRule[] rules = [.. ReadNginx(context, exempt), .. ReadOwn(annotations, exempt)];
        if (rules.Length > 0)
            return [new RateLimitPolicy([.. rules])];
        if (annotations.IsSet(LimitAllowlist))
            annotations.Report(LimitAllowlist, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "the Ingress has no rate limit"));
        return [];
    }

    private static IEnumerable<RateLimitRule> ReadNginx(PolicyContext context, IpNetworkSet exempt)
    {
        var (annotations, settings) = (context.Annotations, context.Settings.Get<RateLimitSettings>());
        var multiplier = annotations.Read(LimitBurstMultiplier, 5);
        if (annotations.Read(LimitConnections, 0) is > 0 and var connections)
        {
            yield return new RateLimitRule
            {
                Name = LimitConnections.Name,
                Algorithm = RateLimitAlgorithmKind.Concurrency,
                Limit = connections,
                Status = settings.LimitConnStatusCode,
                Exempt = exempt,
            };
        }

        var isLimited = false;
        foreach (var (key, window) in ((AnnotationKey<int>, TimeSpan)[])[(LimitRps, TimeSpan.FromSeconds(1)), (LimitRpm, TimeSpan.FromMinutes(1))])
        {
            if (annotations.Read(key, 0) is not (> 0 and var limit))
                continue;
            isLimited = true;
            yield return new RateLimitRule
            {
                Name = key.Name,
                Algorithm = RateLimitAlgorithmKind.LeakyBucket,
                Limit = limit,
                Window = window,
                Exempt = exempt,
                Burst = (int)Math.Min((long)limit * multiplier, 1_000_000_000),
                Status = settings.LimitReqStatusCode,
            };
        }

        if (!isLimited && annotations.IsSet(LimitBurstMultiplier))
            annotations.Report(LimitBurstMultiplier, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "neither limit-rps nor limit-rpm is set"));
    }

    private static IEnumerable<RateLimitRule> ReadOwn(AnnotationReader annotations, IpNetworkSet exempt)
    {
        var hasBurst = annotations.TryRead(Burst, out var burst);
        var rule = new RateLimitRule
        {
            Name = RateLimit.Name,
            Limit = annotations.Read(RateLimit, 0),
            Window = annotations.Read(Window, TimeSpan.FromMinutes(1)),
            Algorithm = annotations.Read(Algorithm, hasBurst ? RateLimitAlgorithmKind.TokenBucket : RateLimitAlgorithmKind.SlidingWindow),
            Key = annotations.Read(Key, [RateLimitKeyPart.ClientIp]),
            Burst = burst,
            Queue = annotations.Read(Queue, 0),
            Status = annotations.Read(Status, 429),
            Scope = annotations.Read(Scope, RateLimitScope.Replica),
            IsDryRun = annotations.Read(DryRun, false),
            SendsHeaders = true,
            Exempt = exempt,
        };
        if (rule.Limit > 0)
        {
            ReportUnused(annotations, rule);
            yield return rule;
            yield break;
        }

        foreach (var key in (AnnotationKey[])[Window, Algorithm, Key, Burst, Queue, Status, Scope, DryRun])
        {
            if (annotations.IsSet(key) && !annotations.IsSet(RateLimit))
                annotations.Report(key, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "rate-limit is not set"));
        }
    }

    private static void ReportUnused(AnnotationReader annotations, RateLimitRule rule)
    {
        if (rule.Burst > 0 && rule.Algorithm != RateLimitAlgorithmKind.TokenBucket)
            annotations.Report(Burst, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "only the algorithm token-bucket has a burst"));
        if (rule.Algorithm == RateLimitAlgorithmKind.Concurrency && annotations.IsSet(Window))
            annotations.Report(Window, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "the algorithm concurrency has no window"));
    }

    private static AnnotationKey<int> Limit(string name, string documentation) => new()
    {
        Name = name,
        Form = ValueForms.Integer(name == "rate-limit" ? 1 : 0, 1_000_000_000),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = documentation,
    };

    private static Parsed<TimeSpan> ReadWindow(string text)
    {
        var unit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, _ => 0 };
        return unit > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && (long)number * unit <= 86_400
            ? TimeSpan.FromSeconds((long)number * unit)
            : ValueForm<TimeSpan>.Refuse("is not a duration from 1s to 24h, such as 1s, 1m or 1h");
    }

    private static Parsed<EquatableArray<RateLimitKeyPart>> ReadKey(EquatableArray<string> parts)
    {
        var keys = new List<RateLimitKeyPart>();
        foreach (var part in parts)
        {
            if (ReadKeyPart(part) is not { } key)
                return ValueForm<EquatableArray<RateLimitKeyPart>>.Refuse($"contains \"{part}\", which is not one of client-ip, header:NAME, cookie:NAME, query:NAME, host, path, api-client");
            keys.Add(key);
        }

        return keys.Count == 0 ? ValueForm<EquatableArray<RateLimitKeyPart>>.Refuse("is an empty list") : new EquatableArray<RateLimitKeyPart>([.. keys]);
    }

    private static RateLimitKeyPart? ReadKeyPart(string part) => part.Split(':', 2, StringSplitOptions.TrimEntries) switch
    {
        ["client-ip"] => RateLimitKeyPart.ClientIp,
        ["host"] => new(RateLimitKeyKind.Host),
        ["path"] => new(RateLimitKeyKind.Path),
        ["api-client"] => new(RateLimitKeyKind.ApiClient),
        ["header", { Length: > 0 } name] when HttpToken.IsToken(name) => new(RateLimitKeyKind.Header, name),
        ["cookie", { Length: > 0 } name] when HttpToken.IsToken(name) => new(RateLimitKeyKind.Cookie, name),
        ["query", { Length: > 0 } name] => new(RateLimitKeyKind.Query, name),
        _ => null,
    };
}
