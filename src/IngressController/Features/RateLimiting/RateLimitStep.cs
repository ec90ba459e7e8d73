using System.Net;
using IngressController.Metrics;
using IngressController.Pipeline;
using IngressController.Routing.Features.RateLimiting;
using Microsoft.AspNetCore.WebUtilities;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// Allows a request if each limit of its Ingress grants a permit. If a limit refuses, the permits of the limits before it are returned:
/// only requests that pass are counted.
/// </summary>
internal sealed class RateLimitStep : RequestStep
{
    private readonly Entry[] _entries;
    private readonly bool _waits;
    private readonly LocalReplies _replies;

    private RateLimitStep(Entry[] entries, LocalReplies replies)
    {
        _entries = entries;
        _replies = replies;
        _waits = entries.Any(entry => entry.Rule.Queue > 0);
    }

    public override string Name => "rate limits";

    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton(provider => new RateLimiterStore(
            provider.GetRequiredService<TimeProvider>(), () => provider.GetRequiredService<LiveRevision>().Current.Replicas));
        services.AddMetrics<RateLimitMetrics>();
    }

    public static RequestStep? Create(PlanContext context)
    {
        if (context.Policy<RateLimitPolicy>() is not { } policy)
            return null;
        var (ingress, limiters, metrics) = (context.Definition.Origin.Ingress, context.Service<RateLimiterStore>(), context.Service<RateLimitMetrics>());
        return new RateLimitStep([.. policy.Rules.Select(rule => new Entry(rule, limiters.For(ingress, rule), metrics.For(ingress, rule.Name)))], context.Replies);
    }

    public override string Describe(Revision revision) => string.Join("; ", _entries.Select(entry => Describe(entry.Rule)));

    /// <summary>Always continues: a dry run takes no permit, so the decisions of the limits are unknown.</summary>
    public override ValueTask<bool> DryRunAsync(ProxyRequest request) => ValueTask.FromResult(true);

    public override ValueTask<bool> InvokeAsync(ProxyRequest request)
    {
        if (_waits)
            return WaitAsync(request);

        Span<RateLimitDecision> decisions = stackalloc RateLimitDecision[_entries.Length];
        for (var i = 0; i < _entries.Length; i++)
        {
            if (IsExempt(_entries[i], request.Context))
                continue;
            decisions[i] = _entries[i].Limiter.TryAcquire(KeyOf(_entries[i].Rule, request));
            if (!IsAllowed(_entries[i], decisions[i], request.Context))
                return RefuseAsync(request, i, decisions);
        }

        HoldUntilEnd(request.Context, decisions);
        return ValueTask.FromResult(true);
    }

    private async ValueTask<bool> WaitAsync(ProxyRequest request)
    {
        var decisions = new RateLimitDecision[_entries.Length];
        for (var i = 0; i < _entries.Length; i++)
        {
            if (IsExempt(_entries[i], request.Context))
                continue;
            try
            {
                decisions[i] = await _entries[i].Limiter.WaitAsync(KeyOf(_entries[i].Rule, request), request.Context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                // The client has gone and needs no response.
                Undo(i, decisions);
                return false;
            }

            if (!IsAllowed(_entries[i], decisions[i], request.Context))
                return await RefuseAsync(request, i, decisions);
        }

        HoldUntilEnd(request.Context, decisions);
        return true;
    }

    private static bool IsAllowed(in Entry entry, in RateLimitDecision decision, HttpContext context)
    {
        if (entry.Rule.SendsHeaders)
            RateLimitHeaders.Append(context.Response, entry.Rule, decision);
        if (decision.IsAcquired)
            return true;
        entry.Counters.OverLimit(entry.Rule.IsDryRun);
        return entry.Rule.IsDryRun;
    }

    private ValueTask<bool> RefuseAsync(ProxyRequest request, int index, ReadOnlySpan<RateLimitDecision> decisions)
    {
        Undo(index, decisions);
        RateLimitHeaders.WriteRetryAfter(request.Context.Response, decisions[index]);
        return ReplyAsync(request, _entries[index].Rule.Status);
    }

    private async ValueTask<bool> ReplyAsync(ProxyRequest request, int status)
    {
        await _replies.WriteAsync(request, status, ReasonPhrases.GetReasonPhrase(status), "too many requests; retry after the time in Retry-After");
        return false;
    }

    private void Undo(int count, ReadOnlySpan<RateLimitDecision> decisions)
    {
        for (var i = 0; i < count; i++)
            _entries[i].Limiter.Undo(decisions[i]);
    }

    /// <summary>Keeps the permits of concurrency limits until the response has ended.</summary>
    private void HoldUntilEnd(HttpContext context, ReadOnlySpan<RateLimitDecision> decisions)
    {
        for (var i = 0; i < _entries.Length; i++)
        {
            if (_entries[i].Rule.Algorithm == RateLimitAlgorithmKind.Concurrency && decisions[i].IsAcquired)
                context.Response.RegisterForDispose(new Permit(_entries[i].Limiter, decisions[i]));
        }
    }

    private static bool IsExempt(in Entry entry, HttpContext context) =>
        !entry.Rule.Exempt.IsEmpty && entry.Rule.Exempt.Contains(ClientOf(context));

    private static IPAddress ClientOf(HttpContext context) => context.Connection.RemoteIpAddress ?? IPAddress.None;

    private static RateLimitKey KeyOf(RateLimitRule rule, ProxyRequest request)
    {
        var (host, path) = ("", "");
        foreach (var part in rule.Key.AsSpan())
        {
            if (part.Kind == RateLimitKeyKind.Host)
                host = TemplateValues.HostName(request.Context);
            else if (part.Kind == RateLimitKeyKind.Path)
                path = request.Path.ToString();
        }

        return RateLimitKeys.Read(rule.Key, request.Context, ClientOf(request.Context), host, path);
    }

    private static string Describe(RateLimitRule rule) =>
        $"{rule.Name}: {rule.Limit} {(rule.Algorithm == RateLimitAlgorithmKind.Concurrency ? "at a time" : $"per {rule.Window.TotalSeconds:0} s")} by {string.Join(", ", rule.Key)}, "
        + $"{rule.Algorithm}{(rule.Burst > 0 ? $" with burst {rule.Burst}" : "")}, then {(rule.IsDryRun ? "counted only" : $"{rule.Status}")}";

    private readonly record struct Entry(RateLimitRule Rule, KeyedRateLimiter Limiter, RateLimitCounters Counters);

    private sealed class Permit(KeyedRateLimiter limiter, RateLimitDecision decision) : IDisposable
    {
        public void Dispose() => limiter.Release(decision);
    }
}
