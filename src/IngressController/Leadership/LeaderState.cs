using IngressController.Kubernetes.Leasing;
using IngressController.Metrics;
using IngressController.Sources.Kubernetes;

namespace IngressController.Leadership;

/// <summary>The state of the leader election in this replica.</summary>
internal sealed class LeaderState(string identity, SourceLog log, LeaderMetrics metrics, TimeProvider time) : IMetricsSource
{
    private readonly CancellationTokenSource _resigned = new();
    private volatile LeaderTerm? _term;
    private volatile LeaderView _view = new(identity, null, false, null, "the election has not begun");

    /// <summary>
    /// The identity of this process, which differs from that of every other process, also an earlier one of the same Pod.
    /// </summary>
    public string Identity => identity;

    /// <summary>True while this replica leads and its lease holds, so that no other replica can lead.</summary>
    public bool IsLeader => _term is { MayWrite: true };

    /// <summary>The state as the admin API shows it.</summary>
    public LeaderView View => _view with { IsLeader = IsLeader };

    /// <summary>Cancelled when this replica resigns.</summary>
    public CancellationToken Resigned => _resigned.Token;

    /// <summary>
    /// Throws unless this replica leads, also in a process that was suspended and has just resumed. <see cref="LeaderClient"/> calls it
    /// right before each write.
    /// </summary>
    /// <exception cref="OperationCanceledException">This replica does not lead; the tokens of its leader tasks are cancelled.</exception>
    public void RequireLeader()
    {
        if (_term is not { } term)
            throw new OperationCanceledException("this replica does not lead, so it must not write", new CancellationToken(canceled: true));
        term.RequireHeld();
    }

    /// <summary>
    /// Ends the leader tasks and releases the lease, so that another replica takes over at once. Returns without waiting for that. Called
    /// as the first step of a shutdown.
    /// </summary>
    public void Resign() => _ = _resigned.CancelAsync();

    public void BeginTerm(LeaderTerm term) => _term = term;

    public void EndTerm() => _term = null;

    /// <summary>Sets the reason why this replica does not take part in the election.</summary>
    public void SetNotParticipating(string reason) => _view = _view with { Note = reason };

    public void OnNotice(LeaderNotice notice)
    {
        log.OnNotice(notice);
        metrics.OnNotice(notice);
        switch (notice)
        {
            case LeaderNotice.StartedLeading:
                SetLeader(identity);
                break;
            case LeaderNotice.NewLeader follows:
                SetLeader(follows.Leader);
                break;
            case LeaderNotice.StoppedLeading or LeaderNotice.Released:
                SetLeader(null);
                break;
        }
    }

    public void Write(PrometheusText text) => metrics.Write(text, IsLeader);

    private void SetLeader(string? leader) => _view = new LeaderView(identity, leader, false, leader is null ? null : time.GetUtcNow(), null);
}

/// <param name="Identity">The identity of this replica.</param>
/// <param name="Leader">The identity of the leader that this replica knows of; null for none.</param>
/// <param name="IsLeader">True if this replica is the leader and its lease holds at this moment.</param>
/// <param name="Since">The time since which this replica knows of that leader.</param>
/// <param name="Note">The reason why this replica does not take part in the election; null when it does.</param>
internal sealed record LeaderView(string Identity, string? Leader, bool IsLeader, DateTimeOffset? Since, string? Note);
