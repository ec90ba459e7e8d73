using System.Net;
using IngressController.Proxy;
using IngressController.Routing.Features.RateLimiting;
using Microsoft.AspNetCore.WebUtilities;

namespace IngressController.Features.RateLimiting;

/// <summary>
/// Lets a request in when each limit of its Ingress has a permit for it. A limit that refuses gives the permits of those before it back: only
/// requests that pass are counted.
/// </summary>
internal sealed class RateLimitStep : RequestStep
{
    private readonly Entry[] _entries;
    private readonly bool _waits;
    private readonly OwnAnswers _answers;

    private RateLimitStep(Entry[] entries, OwnAnswers answers)
    {
        _entries = entries;
        _answers = answers;
        _waits = entries.Any(entry => entry.Rule.Queue > 0);
    }

    public override string Name => "rate limits";

    public static RequestStep? Create(StepContext context)
    {
        if (context.Policy<RateLimitPolicy>() is not { } policy)
            return null;
        var (ingress, services) = (context.Definition.Origin.Ingress, context.Services);
        return new RateLimitStep(
            [.. policy.Rules.Select(rule => new Entry(rule, services.Limiters.For(ingress, rule), services.LimitMetrics.For(ingress, rule.Name)))], services.Answers);
    }

    public override string Describe() => string.Join("; ", _entries.Select(entry => Describe(entry.Rule)));

    /// <summary>Looking costs nobody a permit, so what a limit would say now is not known.</summary>
    public override ValueTask<bool> RehearseAsync(HttpContext context, ProxyRoute route) => ValueTask.FromResult(true);

    public override ValueTask<bool> InvokeAsync(HttpContext context, ProxyRoute route)
    {
        if (_waits)
            return WaitAsync(context);

        Span<RateLimitDecision> decisions = stackalloc RateLimitDecision[_entries.Length];
        for (var i = 0; i < _entries.Length; i++)
        {
            if (IsExempt(_entries[i], context))
                continue;
            decisions[i] = _entries[i].Limiter.TryAcquire(KeyOf(_entries[i].Rule, context));
            if (!Passes(_entries[i], decisions[i], context))
                return RefuseAsync(context, i, decisions);
        }

        HoldUntilEnd(context, decisions);
        return ValueTask.FromResult(true);
    }

    private async ValueTask<bool> WaitAsync(HttpContext context)
    {
        var decisions = new RateLimitDecision[_entries.Length];
        for (var i = 0; i < _entries.Length; i++)
        {
            if (IsExempt(_entries[i], context))
                continue;
            try
            {
                decisions[i] = await _entries[i].Limiter.WaitAsync(KeyOf(_entries[i].Rule, context), context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                // The client is gone; nobody is left to answer.
                Undo(i, decisions);
                return false;
            }

            if (!Passes(_entries[i], decisions[i], context))
                return await RefuseAsync(context, i, decisions);
        }

        HoldUntilEnd(context, decisions);
        return true;
    }

    private static bool Passes(in Entry entry, in RateLimitDecision decision, HttpContext context)
    {
        if (entry.Rule.SendsHeaders)
            RateLimitHeaders.Append(context.Response, entry.Rule, decision);
        if (decision.IsAcquired)
            return true;
        entry.Counters.OverLimit(entry.Rule.IsDryRun);
        return entry.Rule.IsDryRun;
    }

    private ValueTask<bool> RefuseAsync(HttpContext context, int by, ReadOnlySpan<RateLimitDecision> decisions)
    {
        Undo(by, decisions);
        RateLimitHeaders.WriteRetryAfter(context.Response, decisions[by]);
        return AnswerAsync(context, _entries[by].Rule.Status);
    }

    private async ValueTask<bool> AnswerAsync(HttpContext context, int status)
    {
        await _answers.WriteAsync(context, status, ReasonPhrases.GetReasonPhrase(status), "too many requests; Retry-After says when to come again");
        return false;
    }

    private void Undo(int count, ReadOnlySpan<RateLimitDecision> decisions)
    {
        for (var i = 0; i < count; i++)
            _entries[i].Limiter.Undo(decisions[i]);
    }

    /// <summary>A request in progress holds its permit until its response has ended.</summary>
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

    private static RateLimitKey KeyOf(RateLimitRule rule, HttpContext context)
    {
        var (host, path) = ("", "");
        foreach (var part in rule.Key.AsSpan())
        {
            if (part.Kind == RateLimitKeyKind.Host)
                host = TemplateValues.HostName(context);
            else if (part.Kind == RateLimitKeyKind.Path)
                path = RequestPath.Normalize(RequestTarget.Split(context, out _)).Match.ToString();
        }

        return RateLimitKeys.Read(rule.Key, context, ClientOf(context), host, path);
    }

    private static string Describe(RateLimitRule rule) =>
        $"{rule.Name}: {rule.Limit} {(rule.Algorithm == RateLimitAlgorithmKind.Concurrency ? "at a time" : $"per {rule.Window.TotalSeconds:0} s")} by {string.Join(", ", rule.Key)}, "
        + $"{rule.Algorithm}{(rule.Burst > 0 ? $" with burst {rule.Burst}" : "")}, then {(rule.IsDryRun ? "only counted" : $"{rule.Status}")}";

    private readonly record struct Entry(RateLimitRule Rule, KeyedRateLimiter Limiter, RateLimitCounters Counters);

    private sealed class Permit(KeyedRateLimiter limiter, RateLimitDecision decision) : IDisposable
    {
        public void Dispose() => limiter.Release(decision);
    }
}
