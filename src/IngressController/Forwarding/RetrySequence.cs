using IngressController.Pipeline;
using IngressController.Upstream;
using Yarp.ReverseProxy.Model;

namespace IngressController.Forwarding;

/// <summary>The response has a status after which the request is attempted again.</summary>
internal sealed class RetriedStatusException(int status) : Exception($"the endpoint responded with status {status}");

/// <summary>The attempts of one request after the first one has failed.</summary>
/// <param name="request">The request.</param>
/// <param name="cluster">Its backend.</param>
/// <param name="model">The endpoints.</param>
/// <param name="time">The clock.</param>
internal sealed class RetrySequence(ProxyRequest request, UpstreamCluster cluster, UpstreamModel model, TimeProvider time) : ResponseGate
{
    private const int MaxTriesOfRefusedStreams = 10;

    private readonly HashSet<DestinationState> _failed = [];
    private readonly RetryRules _rules = request.Retries ?? RetryRules.Default;
    private readonly long _begun = time.GetTimestamp();
    private DestinationState? _afterStatus;
    private int _tries = 1;
    private int _retries;
    private int _returnable;

    /// <summary>The endpoint of the current attempt.</summary>
    public required DestinationState Current { get; set; }

    /// <summary>The time to wait before the next attempt.</summary>
    public TimeSpan Delay { get; private set; }

    /// <summary>
    /// The last attempt got a response. Retries of work that was not done give their share of the budget back, so that it limits those of a
    /// backend that fails, and not those of one that only closes its connections.
    /// </summary>
    public void Succeeded()
    {
        if (_returnable > 0)
            cluster.ReturnRetries(_returnable);
    }

    /// <summary>Takes the next attempt, if there is one: only then the response is not needed.</summary>
    public override bool Refuses(int status, Func<string?> retryAfter)
    {
        // The whole body was read, and is kept.
        if (!_rules.Statuses.Contains(status) || !_rules.MayRepeat(request.Context.Request.Method) || request.Body is { HasEnded: false } or { CanReplay: false })
            return false;
        var delay = TimeSpan.Zero;
        if (_rules.RespectsRetryAfter && RetryAfter.Read(retryAfter(), time) is { } asked)
        {
            if (asked > RetryAfter.MaxWait || (request.Exchange?.Timer?.Left is { } left && asked >= left))
                return false;
            delay = asked;
        }

        _afterStatus = Next(FailureKind.Status, delay);
        Delay = delay;
        return _afterStatus is not null;
    }

    /// <summary>The endpoint of the next attempt; null if there is none.</summary>
    public DestinationState? After(FailureKind kind)
    {
        if (kind == FailureKind.Status)
            return _afterStatus is { } chosen ? request.BeginAttempt(chosen) : null;
        Delay = TimeSpan.Zero;
        if (kind is FailureKind.Refused or FailureKind.NotConnected or FailureKind.ConnectTimedOut)
            cluster.MarkUnreachable(Current);
        return Next(kind, TimeSpan.Zero) is { } next ? request.BeginAttempt(next) : null;
    }

    private DestinationState? Next(FailureKind kind, TimeSpan delay)
    {
        _failed.Add(Current);
        if (!Allows(kind) || _rules.MaxTries == 1 || (_rules.Timeout > TimeSpan.Zero && time.GetElapsedTime(_begun) + delay >= _rules.Timeout))
            return null;
        var isKept = request.Choice?.Keeps(request, cluster, Current) == true;
        var next = isKept ? Current : cluster.Other(model, _failed);
        // A refused connection costs the backend nothing, and each endpoint is asked once in a while only: no limit but the endpoints.
        if (next is null || isKept || kind != FailureKind.Refused)
        {
            next ??= UpstreamCluster.Unreachable(model, _failed) ?? Again(kind);
            if (next is null || ++_tries > MaxTriesAfter(kind) || !IsAffordable(kind))
                return null;
        }

        _retries++;
        request.Counters!.Retried();
        return next;
    }

    private bool Allows(FailureKind kind) => kind switch
    {
        FailureKind.Refused or FailureKind.NotConnected or FailureKind.NotProcessed => _rules.OnErrors,
        FailureKind.ConnectTimedOut => _rules.OnTimeouts,
        FailureKind.KeptConnectionLost => _rules.OnErrors && MayRepeat,
        FailureKind.Lost => _rules is { IsExplicit: true, OnErrors: true } && MayRepeat,
        FailureKind.TimedOut => _rules is { IsExplicit: true, OnTimeouts: true } && MayRepeat,
        FailureKind.InvalidResponse => _rules.OnInvalidHeads && MayRepeat,
        FailureKind.Status => true,
        _ => false,
    };

    private bool MayRepeat => _rules.MayRepeat(request.Context.Request.Method);

    /// <summary>
    /// A connection that ends by GOAWAY refuses all later streams at once, and they meet again on the next connection. So more tries are
    /// possible for these, which cost the backend no work.
    /// </summary>
    private int MaxTriesAfter(FailureKind kind) => kind == FailureKind.NotProcessed ? Math.Max(_rules.MaxTries, MaxTriesOfRefusedStreams) : _rules.MaxTries;

    /// <summary>The same endpoint, if connections are not the problem.</summary>
    private DestinationState? Again(FailureKind kind) =>
        kind is FailureKind.Refused or FailureKind.NotConnected or FailureKind.ConnectTimedOut ? null : Current;

    /// <summary>
    /// The first retry of a request that was not processed is free: what it repeats was no work. A request whose first attempt may have been
    /// work, and all further retries, are taken from the budget.
    /// </summary>
    private bool IsAffordable(FailureKind kind)
    {
        var wasNoWork = kind is FailureKind.Refused or FailureKind.NotConnected or FailureKind.ConnectTimedOut or FailureKind.NotProcessed;
        if (_retries == 0 && wasNoWork)
            return true;
        if (cluster.TryTakeRetry())
        {
            if (wasNoWork)
                _returnable++;
            return true;
        }

        request.Counters!.RetryDenied();
        return false;
    }
}
