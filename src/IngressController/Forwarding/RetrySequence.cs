using IngressController.Pipeline;
using IngressController.Upstream;
using Yarp.ReverseProxy.Model;

namespace IngressController.Forwarding;

/// <summary>The attempts of one request after the first one has failed.</summary>
/// <param name="request">The request.</param>
/// <param name="cluster">Its backend.</param>
/// <param name="model">The endpoints.</param>
internal sealed class RetrySequence(ProxyRequest request, UpstreamCluster cluster, UpstreamModel model)
{
    private const int MaxTriesOfRefusedStreams = 10;

    private readonly HashSet<DestinationState> _failed = [];
    private readonly int _maxTries = request.MaxTries;
    private int _tries = 1;
    private int _retries;
    private int _returnable;

    /// <summary>
    /// The last attempt got a response. Retries of work that was not done give their share of the budget back, so that it limits those of a
    /// backend that fails, and not those of one that only closes its connections.
    /// </summary>
    public void Succeeded()
    {
        if (_returnable > 0)
            cluster.ReturnRetries(_returnable);
    }

    /// <summary>The endpoint of the next attempt; null if there is none.</summary>
    public DestinationState? After(DestinationState failed, FailureKind kind)
    {
        _failed.Add(failed);
        if (kind is FailureKind.Refused or FailureKind.NotConnected)
            cluster.MarkUnreachable(failed);
        if (kind == FailureKind.Final || _maxTries == 1)
            return null;
        var isKept = request.Choice?.Keeps(request, cluster, failed) == true;
        var next = isKept ? failed : cluster.Other(model, _failed);
        // A refused connection costs the backend nothing, and each endpoint is asked once in a while only: no limit but the endpoints.
        if (next is null || isKept || kind != FailureKind.Refused)
        {
            next ??= UpstreamCluster.Unreachable(model, _failed) ?? Again(failed, kind);
            if (next is null || ++_tries > MaxTriesAfter(kind) || !IsAffordable(kind))
                return null;
        }

        _retries++;
        request.Route.Counters.Retried();
        return request.BeginAttempt(next);
    }

    /// <summary>
    /// A connection that ends by GOAWAY refuses all later streams at once, and they meet again on the next connection. So more tries are
    /// possible for these, which cost the backend no work.
    /// </summary>
    private int MaxTriesAfter(FailureKind kind) => kind == FailureKind.NotProcessed ? Math.Max(_maxTries, MaxTriesOfRefusedStreams) : _maxTries;

    /// <summary>The same endpoint on another connection, if connections are not the problem.</summary>
    private static DestinationState? Again(DestinationState failed, FailureKind kind) =>
        kind is FailureKind.NotProcessed or FailureKind.Repeatable ? failed : null;

    /// <summary>
    /// The first retry of a request that was not processed is free: what it repeats was no work. A request whose first attempt may have been
    /// work, and all further retries, are taken from the budget.
    /// </summary>
    private bool IsAffordable(FailureKind kind)
    {
        if (_retries == 0 && kind != FailureKind.Repeatable)
            return true;
        if (cluster.TryTakeRetry())
        {
            if (kind != FailureKind.Repeatable)
                _returnable++;
            return true;
        }

        request.Route.Counters.RetryDenied();
        return false;
    }
}
