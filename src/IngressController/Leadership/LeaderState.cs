using IngressController.Kubernetes.Leasing;
using IngressController.Metrics;
using IngressController.Sources.Kubernetes;

namespace IngressController.Leadership;

/// <summary>Whether this replica leads: for those who write, and for those who look.</summary>
internal sealed class LeaderState(string identity, SourceLog log, LeaderMetrics metrics, TimeProvider time) : IMetricsSource
{
    private readonly CancellationTokenSource _resigned = new();
    private volatile LeaderTerm? _term;
    private volatile LeaderView _view = new(identity, null, false, null, "the election has not begun");

    /// <summary>Who this process is; no other has the same, nor a former one of the same Pod.</summary>
    public string Identity => identity;

    /// <summary>Whether nobody else can lead at this moment.</summary>
    public bool IsLeader => _term is { MayWrite: true };

    /// <summary>What the admin API shows.</summary>
    public LeaderView View => _view with { IsLeader = IsLeader };

    /// <summary>Cancelled when this replica wants to lead no more.</summary>
    public CancellationToken Resigned => _resigned.Token;

    /// <summary>
    /// To be asked right before each write of the leader (<see cref="LeaderClient"/> does): passes while this replica leads, else throws,
    /// also in a process that was stopped and has just woken up.
    /// </summary>
    /// <exception cref="OperationCanceledException">It does not lead; its works' tokens are cancelled.</exception>
    public void RequireLeader()
    {
        if (_term is not { } term)
            throw new OperationCanceledException("this replica does not lead, so it writes nothing", new CancellationToken(canceled: true));
        term.RequireHeld();
    }

    /// <summary>
    /// Ends the leader's work and gives the lease back, so that another replica takes over at once; returns without waiting for it.
    /// Called when the process is told to end, before anything else of the end.
    /// </summary>
    public void Resign() => _ = _resigned.CancelAsync();

    public void Begin(LeaderTerm term) => _term = term;

    public void End() => _term = null;

    /// <summary>Notes that this replica takes no part in the election.</summary>
    public void Abstain(string reason) => _view = _view with { Note = reason };

    public void Notice(LeaderNotice notice)
    {
        log.Notice(notice);
        metrics.Notice(notice);
        switch (notice)
        {
            case LeaderNotice.StartedLeading:
                Sees(identity);
                break;
            case LeaderNotice.NewLeader follows:
                Sees(follows.Leader);
                break;
            case LeaderNotice.StoppedLeading or LeaderNotice.Released:
                Sees(null);
                break;
        }
    }

    public void Write(PrometheusText text) => metrics.Write(text, IsLeader);

    private void Sees(string? leader) => _view = new LeaderView(identity, leader, false, leader is null ? null : time.GetUtcNow(), null);
}

/// <param name="Identity">This replica.</param>
/// <param name="Leader">Who leads as far as this replica knows; null for nobody.</param>
/// <param name="IsLeader">Whether that is this replica, and its lease holds at this moment.</param>
/// <param name="Since">Since when this replica knows of that leader.</param>
/// <param name="Note">Why it takes no part; null when it does.</param>
internal sealed record LeaderView(string Identity, string? Leader, bool IsLeader, DateTimeOffset? Since, string? Note);
